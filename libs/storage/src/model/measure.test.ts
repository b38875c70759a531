import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure } from './measure.ts';

const root = mkdtempSync(join(tmpdir(), 'measure-'));
afterAll(() => rmSync(root, { recursive: true }));

test('the bytes of all files below are summed; links are followed, and a circle of them ends', async () => {
  mkdirSync(join(root, 'model', 'sub'), { recursive: true });
  mkdirSync(join(root, 'elsewhere'));
  writeFileSync(join(root, 'model', 'a'), '123');
  writeFileSync(join(root, 'model', 'sub', 'b'), '45');
  writeFileSync(join(root, 'elsewhere', 'c'), '6789');
  symlinkSync(join(root, 'elsewhere'), join(root, 'model', 'link'));
  symlinkSync('..', join(root, 'model', 'sub', 'circle'));
  assert.equal(await measure(join(root, 'model')), 9);
  assert.equal(await measure(join(root, 'model', 'a')), 3);
});

test('what is not there cannot be measured', async () => {
  symlinkSync('nowhere', join(root, 'broken'));
  await assert.rejects(measure(join(root, 'absent')));
  await assert.rejects(measure(join(root, 'broken')));
});
