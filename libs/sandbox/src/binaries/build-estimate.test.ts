import assert from 'node:assert/strict';
import { createBuildEstimate } from './build-estimate.ts';
import type { GoPackage } from './go-packages.ts';

const MINUTE = 60_000;

/** Packages `p0`, `p1`, … of equal size, each of which imports the one before it. */
function chain(length: number): readonly GoPackage[] {
  return Array.from({ length }, (_, index) => ({
    path: `p${index}`,
    imports: index === 0 ? [] : [`p${index - 1}`, 'unknown'],
    bytes: 1_000,
  }));
}

test('the number of packages is shown from the start, the time left once it can be forecast', () => {
  let now = 0;
  const estimate = createBuildEstimate(chain(1_450), () => now);
  assert.equal(estimate.text(), 'compiled 0 of 1,450 packages');
  for (let index = 0; index < 725; index += 1) estimate.begin(`p${index}`);
  now = 4_999;
  assert.equal(estimate.text(), 'compiled 725 of 1,450 packages');
  now = 2 * MINUTE;
  assert.equal(estimate.text(), 'compiled 725 of 1,450 packages, about 2 min left');
});

test('less than a minute is called so', () => {
  let now = 0;
  const estimate = createBuildEstimate(chain(4), () => now);
  for (const path of ['p0', 'p1', 'p2']) estimate.begin(path);
  now = 2 * MINUTE;
  assert.equal(estimate.text(), 'compiled 3 of 4 packages, less than a minute left');
});

test('what an earlier build compiled counts as done, and does not make the forecast too good', () => {
  let now = 0;
  const estimate = createBuildEstimate(chain(100), () => now);
  estimate.begin('p89');
  now = MINUTE;
  assert.equal(estimate.text(), 'compiled 90 of 100 packages, about 10 min left');
});

test('a large package counts for more than a small one', () => {
  let now = 0;
  const sizes = [65_000, 0, 6 * 65_000, 0];
  const packages = sizes.map((bytes, index) => ({ path: `p${index}`, imports: [], bytes }));
  const estimate = createBuildEstimate(packages, () => now);
  for (const path of ['p0', 'p1']) estimate.begin(path);
  now = 3 * MINUTE;
  assert.equal(estimate.text(), 'compiled 2 of 4 packages, about 8 min left');
});

test('lines that name no package of the build change nothing', () => {
  const estimate = createBuildEstimate(chain(2), () => 0);
  estimate.begin('go: downloading example.com/m v1.0.0');
  assert.equal(estimate.text(), 'compiled 0 of 2 packages');
});
