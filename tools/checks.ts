import pLimit from 'p-limit';
import { runCommand } from './run-command.ts';

type Check = { readonly name: string; readonly command: string; readonly args: readonly string[] };

export const CHECKS: readonly Check[] = [
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings', 'apps', 'libs', 'tools', 'examples'] },
  { name: 'format', command: 'oxfmt', args: ['--check', '.'] },
  {
    name: 'layer law',
    command: 'depcruise',
    args: ['--config', '.dependency-cruiser.json', '--output-type', 'err', 'apps', 'libs', 'examples'],
  },
  { name: 'image', command: 'dockerfile-utils', args: ['lint', 'deploy/image/Dockerfile'] },
  { name: 'dead code', command: 'knip', args: ['--no-progress'] },
  { name: 'declared dependencies', command: process.execPath, args: ['tools/check-packages.ts'] },
  { name: 'words', command: process.execPath, args: ['tools/check-words.ts'] },
  { name: 'generated code', command: process.execPath, args: ['tools/generate.ts', '--check'] },
];

/** Runs all checks, two at a time, and says how each ended. Returns the number that failed. */
export async function runChecks(say: (line: string) => void): Promise<number> {
  const codes = await pLimit(2).map(CHECKS, async ({ name, command, args }) => {
    const { code, output, seconds } = await runCommand(command, args);
    say(`${code === 0 ? '✔' : '✖'} ${name} (${seconds.toFixed(1)} s)`);
    if (code !== 0) say(output.trimEnd());
    return code;
  });
  return codes.filter((code) => code !== 0).length;
}
