import assert from 'node:assert/strict';
import { array, assert as holds, constantFrom, property } from 'fast-check';
import { unifiedDiff } from './unified-diff.ts';

const POD = `spec:
  containers:
    - name: mm
      image: a/b:1
      env:
        - name: A
          value: "1"
        - name: B
          value: "2"
    - name: puller
      image: a/c:1
  replicas: 2
`;

/** What `patch` would make of a text without context to spare: its own lines, and those of the hunks. */
function patched(before: string, diff: string): string {
  const lines = before.split('\n').slice(0, -1);
  const result: string[] = [];
  let next = 0;
  for (const line of diff.split('\n').slice(0, -1)) {
    const [, start, length] = /^@@ -(\d+),(\d+) /.exec(line) ?? [];
    if (start !== undefined) {
      const from = Number(length) === 0 ? Number(start) : Number(start) - 1;
      result.push(...lines.slice(next, from));
      next = from;
    } else {
      if (line[0] !== '+') assert.equal(line.slice(1), lines[next]);
      if (line[0] !== '+') next += 1;
      if (line[0] !== '-') result.push(line.slice(1));
    }
  }
  return [...result, ...lines.slice(next), ''].join('\n');
}

describe('a unified diff of YAML', () => {
  test('is empty for equal texts', () => assert.equal(unifiedDiff(POD, POD), ''));

  test('shows what changes with three lines around it, and where in the object it is', () => {
    assert.equal(
      unifiedDiff(POD, POD.replace('"2"', '"3"')),
      `@@ -6,7 +6,7 @@ spec.containers.mm.env.B
         - name: A
           value: "1"
         - name: B
-          value: "2"
+          value: "3"
     - name: puller
       image: a/c:1
   replicas: 2
`,
    );
  });

  test('makes one hunk of near changes and two of far ones', () => {
    const headers = (after: string): number => unifiedDiff(POD, after).match(/^@@/gm)?.length ?? 0;
    assert.equal(headers(POD.replace('"1"', '"9"').replace('"2"', '"9"')), 1);
    assert.equal(headers(POD.replace('a/b:1', 'a/b:9').replace('replicas: 2', 'replicas: 9')), 2);
  });

  test('of something new is all of it', () => {
    assert.equal(unifiedDiff('', 'a: 1\nb: 2\n'), '@@ -0,0 +1,2 @@\n+a: 1\n+b: 2\n');
    assert.equal(unifiedDiff('a: 1\n', ''), '@@ -1,1 +0,0 @@\n-a: 1\n');
  });

  test('turns the one text into the other, whatever they are', () => {
    const text = array(constantFrom('a: 1', 'b: 2', '  c: 3', '  - d', ''), { maxLength: 25 });
    holds(
      property(text, text, (before, after) => {
        const [from, to] = [before, after].map((lines) => [...lines, 'end', ''].join('\n'));
        assert.equal(patched(from ?? '', unifiedDiff(from ?? '', to ?? '')), to);
      }),
    );
  });

  test('of two long texts that share nothing takes no time', () => {
    const long = (word: string): string => Array.from({ length: 20_000 }, (_, i) => `${word}: ${i}\n`).join('');
    assert.equal(unifiedDiff(long('a'), long('b')).split('\n').length, 40_002);
  });
});
