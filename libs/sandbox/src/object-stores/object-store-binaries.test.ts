import assert from 'node:assert/strict';
import { objectStoreCache } from './object-store-binaries.ts';

test.each(['s3', 'gcs'])(
  'the cache of %s has one folder for one content, below XDG_CACHE_HOME where that is set',
  (module) => {
    const folder = objectStoreCache({ XDG_CACHE_HOME: '/cache' }, module);
    assert.match(folder, new RegExp(`^/cache/meshkeeper/${module}/[0-9a-f]{16}$`));
    assert.equal(objectStoreCache({ XDG_CACHE_HOME: '/cache' }, module), folder);
    assert.match(objectStoreCache({}, module), new RegExp(`/[.]cache/meshkeeper/${module}/[0-9a-f]{16}$`));
  },
);
