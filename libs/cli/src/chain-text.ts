import type { Episode } from '@meshkeeper/domain';
import { agoText, timeText } from './time-text.ts';

const MOST_EPISODES = 8;
const MOST_FIELDS = 4;

/** Which change led to which run and which writes: the newest first, in each the cause first. */
export function chainText(chain: readonly Episode[], now: number): readonly string[] {
  if (chain.length === 0) return ['  nothing that the log still holds'];
  const more = chain.length - MOST_EPISODES;
  return [
    ...chain.slice(0, MOST_EPISODES).flatMap((episode) => episodeLines(episode, now)),
    ...(more > 0 ? [`  and ${more} more; --output json shows all`] : []),
  ];
}

function episodeLines({ run, changes, forgotten, writes, from, to }: Episode, now: number): readonly string[] {
  return [
    `  ${timeText(from)}  (${agoText(now - to)} ago)`,
    ...listedLine(changes),
    ...changes.filter(({ happened }) => happened !== 'listed').map((change) => `    ${changeText(change)}`),
    ...(forgotten > 0 ? [`    earlier ones that the log holds no more: ${forgotten}`] : []),
    ...(changes.length + forgotten === 0 && run !== undefined ? ['    no change: looked again, or tried again'] : []),
    ...(run === undefined ? ['    → nothing was written'] : writeLines(run, writes, from)),
  ];
}

function listedLine(changes: Episode['changes']): readonly string[] {
  const listed = changes.filter(({ happened }) => happened === 'listed').map(({ what }) => what);
  return listed.length === 0 ? [] : [`    listed whole: ${[...new Set(listed)].join(', ')}`];
}

function writeLines(run: number, writes: Episode['writes'], from: number): readonly string[] {
  return writes.map(
    ({ at, what, reason, outcome }) => `    → run ${run}, ${laterText(at - from)}: ${what}  ${reason}, ${outcome}`,
  );
}

function changeText({ what, happened, by, fields }: Episode['changes'][number]): string {
  const verb = happened === 'first seen' ? ', last written by ' : ' by ';
  const hand = by.length === 0 ? '' : `${verb}${by.join(', ')}`;
  const shown = fields
    .slice(0, MOST_FIELDS)
    .map(({ field, from, to }) => (from === undefined || to === undefined ? field : `${field}: ${from} → ${to}`));
  const more = fields.length > shown.length ? [`${fields.length - shown.length} more`] : [];
  const list = [...shown, ...more];
  return `${what} ${happened}${hand}${list.length === 0 ? '' : `: ${list.join('; ')}`}`;
}

function laterText(ms: number): string {
  return ms < 1_000 ? `${ms} ms later` : `${(ms / 1_000).toFixed(1)} s later`;
}
