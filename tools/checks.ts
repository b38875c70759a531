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
  { name: 'generated code', command: process.execPath, args: ['tools/generate.ts', '--check'] },
];

/** Runs all checks, two at a time, and says how each ended. Returns the number that failed. */
export async function runChecks(say: (line: string) => void): Promise<number> {
  const waiting = [...CHECKS];
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { code, output, seconds } = await runCommand(check.command, check.args);
      say(`${code === 0 ? '✔' : '✖'} ${check.name} (${seconds.toFixed(1)} s)`);
      if (code !== 0) say(output.trimEnd());
      if (code !== 0) failed += 1;
    }
  };
  await Promise.all([work(), work()]);
  return failed;
}
