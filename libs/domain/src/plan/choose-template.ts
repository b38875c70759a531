import { hashOf, type JsonObject } from '../objects/reduce.ts';
import { isRevision, NEWEST_REVISION, type Revision } from '../config/base-values.ts';
import { REVISION_ANNOTATION, TEMPLATE_HASH_ANNOTATION, type Template } from '../render/deployment.ts';
import type { Viewed } from '../snapshot/snapshot.ts';
import { firstDifference } from '../objects/difference.ts';

/**
 * At which revision a runtime's pods are rendered. A new version of the controller must never restart pods by itself: a Deployment
 * stays at its revision as long as what is wanted at that revision is what was wanted last, and moves to the newest once its pods
 * change anyway. One without the mark is the original's, or equivalent: the newest revision that equals it, else the original's own.
 */
export function chooseTemplate(
  live: Viewed | undefined,
  pinned: Revision | undefined,
  templateAt: (revision: Revision) => JsonObject,
): Template {
  const at = (revision: Revision): Template => {
    const body = templateAt(revision);
    return { revision, body, hash: hashOf(body) };
  };
  if (pinned !== undefined) return at(pinned);
  if (live === undefined) return at(NEWEST_REVISION);
  const annotations = live.body.metadata.annotations ?? {};
  const marked = Number(annotations[REVISION_ANNOTATION] ?? Number.NaN);
  if (isRevision(marked)) {
    const kept = at(marked);
    return kept.hash === annotations[TEMPLATE_HASH_ANNOTATION] ? kept : at(NEWEST_REVISION);
  }
  const liveTemplate = live.body.spec?.['template'];
  for (let revision = NEWEST_REVISION; revision > 0; revision -= 1) {
    const template = at(revision);
    if (firstDifference(template.body, liveTemplate) === undefined) return template;
  }
  return at(0);
}
