import assert from 'node:assert/strict';
import { CallError, KINDS, MESH_SOURCE, reduce, type Gathered, type KubeObject } from '@meshkeeper/domain';
import { createLogger } from '@meshkeeper/process';
import type { RunContext } from '@meshkeeper/work-queue';
import { createHandleJob } from './handle-job.ts';
import type { Ports } from './ports.ts';

const NAMESPACE: KubeObject = { metadata: { name: 'own', uid: 'u', resourceVersion: '3' } };
const SOURCES = [...Object.values(KINDS).map(({ source }) => source), MESH_SOURCE];

let calls: string[];
let conflict: boolean;
beforeEach(() => {
  calls = [];
  conflict = false;
});

function gathered(config: unknown, complete = true): Gathered {
  return {
    objects: [
      { source: 'namespaces', namespace: '', name: 'own', revision: '3', body: reduce('namespaces', NAMESPACE) },
    ],
    sources: Object.fromEntries(SOURCES.map((source) => [source, { epoch: '1', cursor: '3', complete }])),
    facts: [
      { 'model-serving-config': config },
      { own: { enabled: true } },
      {},
      {},
      { 'model-serving-etcd': { revision: '4' } },
    ],
    indexes: [[]],
  };
}

/** Ports that record the calls they receive, in order. */
function ports(found: Gathered): Ports {
  const log = (text: string): void => void calls.push(text);
  const unused = (): never => assert.fail('nothing else should be called');
  return {
    gather: async ({ key }) => {
      log(`gather ${key}`);
      return found;
    },
    kube: {
      read: unused,
      create: async ({ kind, name }, object) => {
        log(`create ${kind} ${name}`);
        if (conflict) throw new CallError('Conflict', 'it exists');
        return { ...object, metadata: { ...object.metadata, resourceVersion: '9' } };
      },
      apply: unused,
      patchStatus: unused,
      delete: unused,
    },
    live: { secretKeys: unused, hasConfigMap: unused, deploymentUid: unused },
    secrets: { copy: unused },
    mesh: { setVModel: unused, deleteVModel: unused, getVModelStatus: unused },
    meshRecords: { readVModel: unused },
    budget: { take: unused },
    brake: { permit: unused },
    effects: {
      recordEffect: async (_source, _epoch, effect, change) => {
        log(`effect ${effect.write} ${change.op} ${change.revision} because of ${effect.cause.join()}`);
        return ['runtime/own/woken'];
      },
    },
    enqueue: async (keys) => log(`enqueue ${keys.join()}`),
    events: { send: unused },
    writes: {
      wrote: (kind, reason) => log(`count ${kind} ${reason}`),
      failed: (kind, reason, code) => log(`count failed ${kind} ${reason} ${code}`),
      blocked: (kind, reason) => log(`count blocked ${kind} ${reason}`),
    },
    logger: createLogger('test', 'silent'),
    now: () => 0,
    context: { ownNamespace: 'own', etcdSecretName: 'model-serving-etcd' },
  };
}

function context(guard = (): void => {}): RunContext {
  const run = { dueCount: 1, fencingToken: 1, failures: 0, streak: 0, markedAt: 0, cause: ['17-0'], memory: '' };
  return { key: 'mesh/own', run, guard, signal: new AbortController().signal };
}

const GOOD = {
  kind: 'ok',
  config: { inferenceServiceName: 'modelmesh-serving', inferenceServicePort: 8033, restProxy: {}, metrics: {} },
};

describe('one run of one key', () => {
  test('gathers, writes, and logs the effect with its cause; what the effect woke is queued', async () => {
    const result = await createHandleJob(ports(gathered(GOOD)))(context());
    assert.deepEqual(calls, [
      'gather mesh/own',
      'create services modelmesh-serving',
      'count services Created',
      'effect create services own/modelmesh-serving put 9 because of 17-0',
      'enqueue runtime/own/woken',
    ]);
    const { memory, ...rest } = result;
    assert.deepEqual(rest, { lookAgainMs: undefined, gone: false });
    assert.deepEqual(Object.keys(JSON.parse(memory ?? '') as object), ['wanted']);
  });

  test('that lost its lock writes nothing', async () => {
    const lost = new CallError('Conflict', 'lost', { code: 'LostLock' });
    const guard = (): never => {
      throw lost;
    };
    await assert.rejects(createHandleJob(ports(gathered(GOOD)))(context(guard)), lost);
    assert.ok(!calls.some((text) => text.startsWith('create')));
  });

  test('whose write is refused throws the class of the refusal, and logs what was tried', async () => {
    conflict = true;
    await assert.rejects(createHandleJob(ports(gathered(GOOD)))(context()), { kind: 'Conflict' });
    assert.deepEqual(calls.slice(2), [
      'count failed services Created Conflict',
      'effect create services own/modelmesh-serving note 0 because of 17-0',
      'enqueue runtime/own/woken',
    ]);
  });

  test('under a wrong configuration writes nothing and is counted', async () => {
    await createHandleJob(ports(gathered({ kind: 'bad', problems: ['metrics.port: too big'] })))(context());
    assert.deepEqual(calls, ['gather mesh/own', 'count blocked mesh InvalidConfiguration']);
  });

  test('before its sources are listed writes nothing', async () => {
    await createHandleJob(ports(gathered(GOOD, false)))(context());
    assert.deepEqual(calls, ['gather mesh/own']);
  });

  test('of an unknown key is given up until someone fixes it', async () => {
    const unknown = { ...context(), key: 'what/is/this' };
    await assert.rejects(createHandleJob(ports(gathered(GOOD)))(unknown), { kind: 'Terminal' });
  });
});
