import { ENABLED_LABEL, formatKey, KINDS, type Snapshot } from '@meshkeeper/domain';
import { isNamed, type Given } from './input.ts';
import type { Planned } from './plan-keys.ts';
import type { Report } from './problems.ts';

/**
 * What prevents a plan, and what the author of its object may not expect. For an object that was not given it is no error, since
 * the user of the command did not write it. The configuration is reported elsewhere.
 */
export function reportPlan({ snapshot, plan }: Planned, isGiven: boolean, report: Report): void {
  const { obstacle, warnings } = plan;
  const about = subjectOf(snapshot);
  const isOfNamespace = 'runtime' in snapshot && snapshot.runtime?.kind === 'ServingRuntime';
  if (isGiven && isOfNamespace && snapshot.namespaceEnabled === false)
    report('warning', `${about}: its namespace is not enabled (label ${ENABLED_LABEL}=true), so nothing is made of it`);
  if (obstacle !== undefined && obstacle.reason !== 'InvalidConfiguration')
    report(isGiven ? 'error' : 'warning', `${about}: ${obstacle.message}`);
  for (const warning of warnings) if (warning.about !== 'config') report('warning', `${about}: ${warning.message}`);
}

/** Whether a plan is that of one of these objects. */
export function isAbout({ snapshot }: Planned, given: readonly Given[]): boolean {
  if (!('runtime' in snapshot) || snapshot.runtime === undefined) return false;
  const { kind, body } = snapshot.runtime;
  const { namespace, name } = body.metadata;
  return given.some(({ kind: each, object }) => KINDS[each].kind === kind && isNamed(namespace, name)(object));
}

/** The object that a key is about: `ServingRuntime team-a/triton`. */
function subjectOf(snapshot: Snapshot): string {
  if ('runtime' in snapshot && snapshot.runtime !== undefined) {
    const { kind, body } = snapshot.runtime;
    const { namespace, name } = body.metadata;
    return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  }
  return snapshot.key.kind === 'mesh' ? `Namespace ${snapshot.key.namespace}` : formatKey(snapshot.key);
}
