import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '@meshkeeper/domain';
import { meshkeeper } from './bench.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('the built-in runtimes', () => {
  for (const revision of ['0', '1', '2']) {
    test(`render at revision ${revision} as they always have, whatever else a version changes`, async () => {
      const args = ['render', '-f', join(ROOT, 'deploy/runtimes'), '--namespace', 'x', '--output', 'json'];
      const { code, out } = await meshkeeper([...args, '--revision', revision]);
      const { items } = JSON.parse(out) as { readonly items: readonly KubeObject[] };
      const file = join(import.meta.dirname, `fixtures/built-in-runtimes.revision-${revision}.json`);
      assert.equal(code, 0);
      assert.deepEqual(
        items.filter(({ kind }) => kind === 'Deployment'),
        JSON.parse(readFileSync(file, 'utf8')),
      );
    });
  }
});
