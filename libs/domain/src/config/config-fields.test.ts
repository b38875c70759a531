import assert from 'node:assert/strict';
import { configFields } from './config-fields.ts';

describe('every field of the configuration', () => {
  test('says what it takes and what it does, in whole sentences', () => {
    const silent = configFields().filter(({ takes, effect }) => takes === '' || !/^[A-Z].*\.$/.test(effect));
    assert.deepEqual(silent, []);
  });

  test('stands under its own path, with the items of lists', () => {
    const paths = configFields().map(({ path }) => path);
    assert.equal(new Set(paths).size, paths.length);
    const some = [
      'podsPerRuntime',
      'restProxy.resources.limits.cpu',
      'storageHelperImage.command',
      'imagePullSecrets[].name',
    ];
    assert.deepEqual(
      some.filter((path) => !paths.includes(path)),
      [],
    );
  });

  test('has a default value, or words where another decides', () => {
    const initial = Object.fromEntries(configFields().map((field) => [field.path, field.initial]));
    assert.deepEqual(
      [
        initial['podsPerRuntime'],
        initial['modelMeshImage.tag'],
        initial['renderingRevision'],
        initial['imagePullSecrets[].name'],
      ],
      [{ value: 2 }, { words: 'by rendering revision' }, { words: 'not pinned' }, { words: 'required' }],
    );
  });
});
