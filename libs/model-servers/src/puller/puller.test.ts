import assert from 'node:assert/strict';
import type { CallContext } from 'nice-grpc';
import { RuntimeStatusNumber, type RuntimeStatusResponse } from '@meshkeeper/modelmesh';
import type { ModelPuller } from '@meshkeeper/storage';
import { createLogger } from '@meshkeeper/process';
import type { ModelServer } from './model-server.ts';
import { createPuller } from './puller.ts';

const { READY } = RuntimeStatusNumber;

test('an asker who gave up leaves no purge behind that would meet the models of the next one', async () => {
  const listed = Promise.withResolvers<readonly string[]>();
  const unloaded: string[] = [];
  const server: Partial<ModelServer> = {
    runtimeStatus: async () => ({ status: READY }) as RuntimeStatusResponse,
    unload: async (id) => void unloaded.push(id),
  };
  const models: Partial<ModelPuller> = { present: async () => [...(await listed.promise)], remove: async () => {} };
  const puller = createPuller({
    server: server as ModelServer,
    models: models as ModelPuller,
    logger: createLogger('puller', 'silent'),
  });
  const answers = [puller.runtimeStatus({}, {} as CallContext), puller.runtimeStatus({}, {} as CallContext)];
  listed.resolve(['left']);
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.deepEqual([statuses, unloaded], [[READY, READY], ['left']]);
});
