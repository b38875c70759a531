import assert from 'node:assert/strict';
import { milliseconds } from '../ovms/server.ts';
import { readAdapterSettings } from './settings.ts';

const MEMORY = { CONTAINER_MEM_REQ_BYTES: String(2 ** 30), MEM_BUFFER_BYTES: String(2 ** 27) };

test('models have what the memory request is above the buffer', () => {
  const { capacityBytes, RUNTIME_PORT, MODELSIZE_MULTIPLIER } = readAdapterSettings('torchserve', MEMORY);
  assert.deepEqual([capacityBytes, RUNTIME_PORT, MODELSIZE_MULTIPLIER], [2 ** 30 - 2 ** 27, 7071, 2.75]);
});

test('a memory request that leaves nothing for models ends the adapter, as does one that is not given', () => {
  for (const env of [{}, { ...MEMORY, CONTAINER_MEM_REQ_BYTES: String(2 ** 27) }])
    assert.throws(() => readAdapterSettings('triton', env), { message: /must be larger than the buffer/ });
  assert.throws(() => readAdapterSettings('triton', { ...MEMORY, MODELSIZE_MULTIPLIER: '0' }), {
    message: /MODELSIZE_MULTIPLIER: must be more than 0/,
  });
});

test('a load timeout of 0, which the controller gives for none, is the default: a mesh would refuse it', () => {
  assert.equal(readAdapterSettings('ovms', { ...MEMORY, LOADTIME_TIMEOUT: '0' }).loadTimeoutMs, 30_000);
});

test('durations are written as Go writes them', () => {
  assert.deepEqual(
    ['100ms', '3s', '1.5m'].map((text) => milliseconds('X', text)),
    [100, 3_000, 90_000],
  );
  assert.throws(() => milliseconds('X', '3'), { message: 'X: must be a duration such as 100ms or 3s, not 3' });
});
