import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallContext } from 'nice-grpc';
import { RuntimeStatusNumber } from '@meshkeeper/modelmesh';
import { createLogger } from '@meshkeeper/process';
import { onTestEnd } from '@meshkeeper/testing';
import { createAdapter } from './adapter.ts';
import type { ModelServer } from './model-server.ts';
import { readAdapterSettings } from './settings.ts';

test('an asker who gave up leaves no purge behind that would meet the models of the next one', async () => {
  const root = mkdtempSync(join(tmpdir(), 'adapter-'));
  onTestEnd(() => rmSync(root, { recursive: true, force: true }));
  const purged = Promise.withResolvers<void>();
  let purges = 0;
  const server: Partial<ModelServer> = {
    name: 'slow',
    folder: '_slow',
    methodInfos: {},
    ready: async () => ({}),
    purge: () => {
      purges += 1;
      return purged.promise;
    },
  };
  const settings = readAdapterSettings('triton', { ROOT_MODEL_DIR: root, CONTAINER_MEM_REQ_BYTES: '1000000000' });
  const adapter = createAdapter({
    settings,
    server: server as ModelServer,
    puller: undefined,
    logger: createLogger('adapter', 'silent'),
  });
  const answers = [adapter.runtimeStatus({}, {} as CallContext), adapter.runtimeStatus({}, {} as CallContext)];
  purged.resolve();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.deepEqual([statuses, purges], [[RuntimeStatusNumber.READY, RuntimeStatusNumber.READY], 1]);
});
