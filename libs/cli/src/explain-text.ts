import type { Explanation, Gate } from '@meshkeeper/domain';
import { chainText } from './chain-text.ts';
import type { Explained } from './explain-source.ts';
import { agoText, timeText } from './time-text.ts';

/** For a person at three in the morning: how it stands and what to do first, the evidence below. */
export function explanationText(explained: Explained): string {
  const { kind, namespace, name, summary, todo, at, runs, chain } = explained;
  const head = [`${kind === 'none' ? 'Runtime' : kind} ${namespace}/${name}    ${timeText(at)}`, '', summary];
  const parts = [
    [...head, ...(todo === 'Nothing.' ? [] : [`To do: ${todo}`])],
    'gates' in explained ? modelLines(explained) : runtimeLines(explained),
    ['Runs', ...runLines(runs)],
    ['What happened, newest first', ...chainText(chain, at)],
  ];
  return parts.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

const MARKS: Readonly<Record<Gate['state'], string>> = { passed: '✔', open: '✘', unknown: '?', waiting: '·' };
const WIDEST_DETAILS = 12;

function modelLines({ gates, models, at }: Explanation): readonly string[] {
  const copies = models.flatMap(({ modelId, roles, copies: held }) => [
    `  ${modelId}  (${roles.join(', ') || 'no longer wanted'})`,
    ...(held.length === 0 ? ['      no copy'] : []),
    ...held.map(
      ({ instance, state, since, message }) =>
        `      pod …${instance}  ${state} for ${agoText(at - since)}${message === '' ? '' : `: ${message}`}`,
    ),
  ]);
  return ['Gates', ...gates.flatMap(gateLines), '', 'Copies', ...(copies.length === 0 ? ['  none'] : copies)];
}

function gateLines({ name, state, message, details = [] }: Gate): readonly string[] {
  // Of a gate that is passed its message is enough, but for runtimes: why one was not chosen is asked also then.
  const shown = state === 'open' || name === 'runtime' ? details.slice(0, WIDEST_DETAILS) : [];
  const more =
    shown.length > 0 && details.length > shown.length ? [`      and ${details.length - shown.length} more`] : [];
  const width = Math.max(0, ...shown.map(({ about }) => about.length));
  return [
    `  ${MARKS[state]} ${name.padEnd(10)}  ${message}`,
    ...shown.map(({ about, says }) => `      ${about.padEnd(width)}  ${says}`),
    ...more,
  ];
}

function runtimeLines({ deployments, neededBy }: Exclude<Explained, Explanation>): readonly string[] {
  return [
    'Pods',
    ...(deployments.length === 0 ? ['  no Deployment'] : []),
    ...deployments.map(({ name, wanted, ready }) => `  Deployment ${name}  ${ready} of ${wanted} ready`),
    '',
    'Models of this namespace that it could hold, by type',
    ...(neededBy.length === 0 ? ['  none'] : neededBy.map((type) => `  ${type}`)),
  ];
}

function runLines({ runs, next, failures, lastError }: Explained['runs']): readonly string[] {
  const last = runs === 0 ? 'No run is remembered.' : `The last run was number ${runs}.`;
  const failed = failures === 0 ? [] : [`  ${failures} failed in a row: ${lastError}`];
  return [`  ${last} ${next}`, ...failed];
}
