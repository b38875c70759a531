import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandboxAddresses } from './sandbox-addresses.ts';

const folder = mkdtempSync(join(tmpdir(), 'addresses-'));
afterAll(() => rmSync(folder, { recursive: true }));

const USUAL = { console: 'http://127.0.0.1:18080', redis: 'redis://127.0.0.1:16379' };

test('the addresses of a sandbox are those that it recorded in its state folder', () => {
  writeFileSync(join(folder, 'state.json'), JSON.stringify({ second: 65, ports: { api: 1, console: 2, redis: 3 } }));
  assert.deepEqual(sandboxAddresses(folder), { console: 'http://127.0.0.1:2', redis: 'redis://127.0.0.1:3' });
});

test.each(['', '{}', '{"ports":{"console":"x","redis":3}}'])(
  'where it recorded %j, they are the usual ones',
  (content) => {
    writeFileSync(join(folder, 'state.json'), content);
    assert.deepEqual(sandboxAddresses(folder), USUAL);
  },
);

test('without a sandbox they are the usual ones', () => {
  assert.deepEqual([sandboxAddresses(join(folder, 'absent')), sandboxAddresses(undefined)], [USUAL, USUAL]);
});
