import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServingAuthority, waitFor } from '@meshkeeper/sandbox';
import { readPair, waitForPair, watchPair, type ServingPair } from './serving-certificate.ts';

const authority = createServingAuthority();
let root: string;
/** As the kubelet mounts a Secret: the folder in use is a link, which is moved to a new folder. */
let mounted: string;

function mountNew(name: string): void {
  authority.writePair(join(root, name));
  symlinkSync(name, join(root, `${name}.link`));
  renameSync(join(root, `${name}.link`), mounted);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'serving-certificate-'));
  mounted = join(root, 'mounted');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a pair is waited for, and what is missing is reported', async () => {
  const reports: string[] = [];
  const waiting = waitForPair(
    mounted,
    (problem) => {
      reports.push(problem);
      mountNew('first');
    },
    new AbortController().signal,
  );
  assert.deepEqual(await waiting, {
    cert: readFileSync(join(mounted, 'tls.crt'), 'utf8'),
    key: readFileSync(join(mounted, 'tls.key'), 'utf8'),
  });
  assert.deepEqual(reports, [`${join(mounted, 'tls.crt')} cannot be read: ENOENT`]);
});

test('a new pair is used, a broken one is reported once and the old one stays', async () => {
  mountNew('second');
  const seen: ServingPair[] = [];
  const problems: string[] = [];
  const watch = watchPair({
    folder: mounted,
    pair: await readPair(mounted),
    changed: (pair) => void seen.push(pair),
    broken: (problem) => void problems.push(problem),
    everyMs: 10,
  });
  const until = (condition: () => boolean): Promise<unknown> =>
    waitFor(() => condition(), { timeoutMs: 10_000, what: 'the watch to see it', intervalMs: 10 });

  mountNew('third');
  await until(() => seen.length === 1);
  assert.deepEqual(seen, [await readPair(mounted)]);

  const key = readFileSync(join(mounted, 'tls.key'), 'utf8');
  writeFileSync(join(mounted, 'tls.key'), readFileSync(join(root, 'first', 'tls.key')));
  await until(() => problems.length === 1);
  assert.match(problems[0] ?? '', /are no pair/);
  await new Promise((resolve) => setTimeout(resolve, 100));
  rmSync(join(mounted, 'tls.crt'));
  await until(() => problems.length === 2);
  assert.equal(problems[1], `${join(mounted, 'tls.crt')} cannot be read: ENOENT`);

  writeFileSync(join(mounted, 'tls.key'), key);
  writeFileSync(join(mounted, 'tls.crt'), seen[0]?.cert ?? '');
  await until(() => seen.length === 2);
  assert.deepEqual(seen[1], seen[0]);
  await watch.stop();
});
