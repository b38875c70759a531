import type { ObjectChange, PodsEffect } from './object-changes.ts';
import { hasErrors, type Problem } from './problems.ts';
import { toYaml } from './yaml-text.ts';

/** What a plan comes to. */
export type Preview = { readonly changes: readonly ObjectChange[]; readonly problems: readonly Problem[] };

/** For scripts: 1 an error, 3 pods roll or go, 2 other changes, 0 none. */
export function exitCodeOf({ changes, problems }: Preview): number {
  if (hasErrors(problems)) return 1;
  if (changes.some(({ pods }) => pods !== undefined)) return 3;
  return changes.length > 0 ? 2 : 0;
}

export function printPreview(preview: Preview, output: 'text' | 'yaml' | 'json'): string {
  switch (output) {
    case 'text':
      return previewText(preview);
    case 'yaml':
      return toYaml(plain(preview));
    case 'json':
      return `${JSON.stringify(preview, undefined, 2)}\n`;
  }
}

/** Without what is undefined, which YAML would have to write. */
function plain(preview: Preview): unknown {
  return JSON.parse(JSON.stringify(preview));
}

function previewText({ changes, problems }: Preview): string {
  if (changes.length === 0 && hasErrors(problems)) return '';
  return [...changes.map(changeText), summary(changes), ''].join('\n');
}

function changeText({ action, kind, namespace, name, pods, notes, diff }: ObjectChange): string {
  const details = [...(pods === undefined ? [] : [effectText(pods)]), ...notes];
  const lines = diff === '' ? [] : diff.trimEnd().split('\n');
  return [
    `${action} ${kind} ${namespace}/${name}`,
    ...details.map((line) => `  ${line}`),
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
}

function effectText({ does, pods, models, field }: PodsEffect): string {
  const what = `${does} ${count(pods, 'pod')} holding ${count(models, 'model')}`;
  return field === undefined ? what : `${what}: ${field}`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

function summary(changes: readonly ObjectChange[]): string {
  if (changes.length === 0) return 'No changes.';
  const of = (action: ObjectChange['action']): number => changes.filter((change) => change.action === action).length;
  const gone = changes.reduce((sum, { pods }) => sum + (pods?.pods ?? 0), 0);
  const pods = gone === 0 ? 'No pods roll.' : `${count(gone, 'pod')} would be replaced or removed.`;
  return `${of('create')} to create, ${of('change')} to change, ${of('delete')} to delete. ${pods}`;
}
