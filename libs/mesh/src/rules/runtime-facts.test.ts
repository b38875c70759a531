import assert from 'node:assert/strict';
import type { RuntimeStatusResponse } from '@meshkeeper/modelmesh';
import { factsOf } from './runtime-facts.ts';

const MIB = 1024 ** 2;

const status = (more: Partial<RuntimeStatusResponse> = {}): RuntimeStatusResponse => ({
  status: 1,
  capacityInBytes: BigInt(1024 * MIB),
  maxLoadingConcurrency: 6,
  modelLoadingTimeoutMs: 90_000,
  defaultModelSizeInBytes: BigInt(50 * MIB),
  runtimeVersion: 'v1',
  numericRuntimeVersion: 0n,
  methodInfos: { 'a.B/c': { idInjectionPath: [1, 2] } },
  limitModelConcurrency: true,
  allowAnyMethod: false,
  ...more,
});

test('the facts are what the server says', () => {
  assert.deepEqual(factsOf(status()), {
    capacityBytes: 1024 * MIB,
    maxLoadingConcurrency: 6,
    loadTimeoutMs: 90_000,
    defaultSizeBytes: 50 * MIB,
    version: 'v1',
    methods: new Map([['a.B/c', [1, 2]]]),
    limitModelConcurrency: true,
    allowAnyMethod: false,
  });
});

test('a server that sets no load timeout gets four minutes', () => {
  assert.equal(factsOf(status({ modelLoadingTimeoutMs: 0 })).loadTimeoutMs, 240_000);
});

const refused: readonly (readonly [string, Partial<RuntimeStatusResponse>, string])[] = [
  ['no load at a time', { maxLoadingConcurrency: 0 }, 'maxLoadingConcurrency 0, which has to be at least 1'],
  ['a timeout too short', { modelLoadingTimeoutMs: 99 }, 'modelLoadingTimeoutMs 99, which has to be at least 100'],
  [
    'a default size below 8 KiB',
    { defaultModelSizeInBytes: 8191n },
    'defaultModelSizeInBytes 8191, which has to be at least 8192',
  ],
  [
    'no room for ten small models',
    { capacityInBytes: BigInt(9 * MIB), defaultModelSizeInBytes: BigInt(MIB) },
    `capacityInBytes ${9 * MIB}, which has to be at least ${10 * MIB}`,
  ],
  [
    'no room for two large models',
    { capacityInBytes: BigInt(700 * MIB), defaultModelSizeInBytes: BigInt(400 * MIB) },
    `capacityInBytes ${700 * MIB}, which has to be at least ${800 * MIB}`,
  ],
];

for (const [name, more, text] of refused) {
  test(`refused: ${name}`, () => {
    assert.throws(() => factsOf(status(more)), { name: 'CallError', message: `The model server says ${text}` });
  });
}

test('512 MiB are enough for models of up to 256 MiB', () => {
  const enough = { capacityInBytes: BigInt(512 * MIB), defaultModelSizeInBytes: BigInt(256 * MIB) };
  assert.equal(factsOf(status(enough)).capacityBytes, 512 * MIB);
});
