import assert from 'node:assert/strict';
import { objectStoreCache } from './object-store-binaries.ts';

test('the cache of the object stores has one folder for one content, below XDG_CACHE_HOME where that is set', () => {
  const folder = objectStoreCache({ XDG_CACHE_HOME: '/cache' });
  assert.match(folder, /^\/cache\/meshkeeper\/object-stores\/[0-9a-f]{16}$/);
  assert.equal(objectStoreCache({ XDG_CACHE_HOME: '/cache' }), folder);
  assert.match(objectStoreCache({}), /\/\.cache\/meshkeeper\/object-stores\/[0-9a-f]{16}$/);
});
