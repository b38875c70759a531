/**
 * `npm run mutate`: changes pure rules in one place at a time and runs the unit tests that reach them. Prints each mutant that no test noticed
 * and the share that was noticed, and fails below 85 %. `-- --sample 300 --seed 7 WORD` takes that many of the files whose path contains WORD.
 */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import pLimit from 'p-limit';
import { mutationsOf, type Mutation } from './mutate/mutations.ts';
import { runCommand } from './run-command.ts';

const RULES = ['libs/domain/src', 'libs/placement/src', 'libs/mesh/src/rules'];
const NEEDED_SHARE = 0.85;
const HOOK = join(import.meta.dirname, 'mutate', 'hook.ts');

type Mutant = Mutation & { readonly file: string; readonly tests: readonly string[] };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
});

/** The files that a file imports by relative paths, itself included. */
function reach(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g))
    reach(resolve(dirname(file), path), seen);
  return seen;
}

function mutants(): Mutant[] {
  const all = RULES.flatMap((folder) => globSync(`${folder}/**/*.ts`)).map((file) => resolve(file));
  const reached = all.filter((file) => file.endsWith('.test.ts')).map((test) => ({ test, files: reach(test) }));
  const isWanted = (file: string): boolean =>
    positionals.length === 0 || positionals.some((word) => file.includes(word));
  const sources = all.filter((file) => !/\.test\.ts$|\/testing\/|\/index\.ts$/.test(file) && isWanted(file));
  return sources.flatMap((file) => {
    const tests = reached.filter(({ files }) => files.has(file)).map(({ test }) => test);
    return mutationsOf(readFileSync(file, 'utf8')).map((mutation) => ({ ...mutation, file, tests }));
  });
}

/** The same sample for the same seed. */
function sampleOf<T>(items: T[], count: number, seed: number): readonly T[] {
  const size = Math.min(count, items.length);
  const subsets = fc.shuffledSubarray(items, { minLength: size, maxLength: size });
  return fc.sample(subsets, { numRuns: 1, seed })[0] ?? [];
}

async function isNoticed({ file, tests, start, end, text }: Mutant, scratch: string, index: number): Promise<boolean> {
  if (tests.length === 0) return false;
  const bytes = readFileSync(file);
  const mutated = join(scratch, `${index}.ts`);
  writeFileSync(mutated, Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]));
  const env = { ...process.env, MUTANT_FILE: file, MUTANT_TEXT: mutated, NODE_OPTIONS: `--import=${HOOK}` };
  const options = ['--selectProjects', 'unit', '--maxWorkers', '1', '--bail', '--silent', '--runTestsByPath', ...tests];
  const { code } = await runCommand(
    'timeout',
    ['60', process.execPath, 'node_modules/jest/bin/jest.js', ...options],
    env,
  );
  return code !== 0;
}

const sample = sampleOf(mutants(), Number(values.sample), Number(values.seed));
const scratch = mkdtempSync(join(tmpdir(), 'meshkeeper-mutate-'));
let noticed = 0;
try {
  await pLimit(2).map(sample, async (mutant, index) => {
    if (await isNoticed(mutant, scratch, index)) noticed += 1;
    else {
      const line = readFileSync(mutant.file).subarray(0, mutant.start).toString().split('\n').length;
      console.log(`unnoticed  ${mutant.file.slice(process.cwd().length + 1)}:${line}  ${mutant.name}`);
    }
  });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const share = noticed / sample.length;
console.log(`${noticed} of ${sample.length} mutants noticed: ${(share * 100).toFixed(1)} % (seed ${values.seed})`);
process.exitCode = share >= NEEDED_SHARE ? 0 : 1;
