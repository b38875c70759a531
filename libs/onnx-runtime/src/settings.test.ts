import assert from 'node:assert/strict';
import { readOnnxSettings } from './settings.ts';

test('capacity is what is said, or else the memory of the container without a buffer', () => {
  assert.equal(readOnnxSettings({}).capacityBytes, 1024 ** 3);
  assert.equal(readOnnxSettings({ CONTAINER_MEM_REQ_BYTES: '1134217728' }).capacityBytes, 1_000_000_000);
  const both = { CONTAINER_MEM_REQ_BYTES: '1000', MEM_BUFFER_BYTES: '1', CAPACITY_BYTES: '5' };
  assert.equal(readOnnxSettings(both).capacityBytes, 5);
  assert.throws(() => readOnnxSettings({ CONTAINER_MEM_REQ_BYTES: '1000' }), {
    message: /^MEM_BUFFER_BYTES: it leaves nothing/,
  });
});

test('inference has the endpoint of management unless it is set apart', () => {
  assert.equal(readOnnxSettings({ RUNTIME_ENDPOINT: 'port:1' }).dataEndpoint, 'port:1');
  assert.equal(readOnnxSettings({ RUNTIME_DATA_ENDPOINT: 'unix:///a/b' }).dataEndpoint, 'unix:///a/b');
  assert.throws(() => readOnnxSettings({ MODELSIZE_MULTIPLIER: '0' }), {
    message: /MODELSIZE_MULTIPLIER: must be a number above 0/,
  });
});
