import assert from 'node:assert/strict';
import { InputError } from './input-error.ts';
import { parseManifests } from './manifests.ts';

const namesIn = (text: string): readonly string[] =>
  parseManifests('f.yaml', text).map(({ kind, metadata }) => `${kind} ${metadata.name}`);

function problemOf(text: string): string {
  try {
    parseManifests('f.yaml', text);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'none';
}

describe('manifests', () => {
  test('are the documents of a YAML text, empty ones left out', () => {
    assert.deepEqual(
      namesIn(
        '# nothing\n---\n{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n',
      ),
      ['Secret a', 'Pod b'],
    );
  });

  test('are JSON too, however it is indented', () => {
    assert.deepEqual(namesIn('{\n\t"apiVersion": "v1",\n\t"kind": "Pod",\n\t"metadata": {"name": "a"}\n}'), ['Pod a']);
  });

  test('are JSON of one object a line too, as jq -c prints it', () => {
    const line = (name: string): string => `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "${name}"}}`;
    assert.deepEqual(namesIn(`${line('a')}\n\n${line('b')}\r\n`), ['Pod a', 'Pod b']);
    assert.match(problemOf(`${line('a')}\n{"kind": }\n`), /^f\.yaml cannot be read: /);
  });

  test('may be in lists, whose items need no kind when the list has one', () => {
    const typed = { apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'a' } }] };
    const mixed = {
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' } }],
    };
    assert.deepEqual([...namesIn(JSON.stringify(typed)), ...namesIn(JSON.stringify(mixed))], ['Pod a', 'Pod b']);
  });

  test('are read with the booleans of YAML 1.1, and times as texts', () => {
    const text =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations: {day: 2001-01-01, time: 1:30}\nspec: {x: yes}\n';
    const [object] = parseManifests('f.yaml', text);
    assert.deepEqual(object?.metadata.annotations, { day: '2001-01-01', time: '1:30' });
    assert.deepEqual(object?.['spec'], { x: true });
  });

  test('that are none are reported with the file and the place', () => {
    assert.match(problemOf('a: [1\n'), /^f\.yaml cannot be read: /);
    assert.match(problemOf('{"a": 1'), /^f\.yaml cannot be read: /);
    assert.equal(
      problemOf('apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: 1}}\n'),
      'f.yaml is no Kubernetes object: metadata.labels.x: Invalid input: expected string, received number',
    );
    assert.match(problemOf('---\nkind: Pod\n---\n5\n'), /^f\.yaml: document 1 is no Kubernetes object: apiVersion: /);
  });
});
