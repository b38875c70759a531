import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createChannel, createClient, type ClientError } from 'nice-grpc';
import { Status } from 'nice-grpc-common';
import { endpointAddress } from '@meshkeeper/grpc/typed';
import { InferenceAPIsServiceDefinition } from '../gen/torchserve/inference.ts';
import { ManagementAPIsServiceDefinition, type ManagementAPIsServiceClient } from '../gen/torchserve/management.ts';
import { NAMED_BY_FIRST_FIELD, V2_METHODS, type ModelServer } from '../adapter/model-server.ts';
import type { AdapterSettings } from '../adapter/settings.ts';
import { isHealthy, modelPage, workerMemory } from './answers.ts';
import { archiveName, layOutForTorchserve } from './layout.ts';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = '_torchserve_models';
const PAGE = 500;
const QUESTION_MS = 5_000;
/** The workers report their memory some seconds after they have started. */
const MEASURE_TRIES = 17;
const MEASURE_EACH_MS = 1_000;

export function createTorchserve(settings: AdapterSettings): ModelServer {
  const store = join(settings.ROOT_MODEL_DIR, FOLDER);
  writeConfiguration(store);
  const channels = [
    createChannel(`${settings.POD_LOCALHOST}:${settings.RUNTIME_PORT}`),
    createChannel(endpointAddress(settings.RUNTIME_DATA_ENDPOINT, settings.POD_LOCALHOST)),
  ] as const;
  const management = createClient(ManagementAPIsServiceDefinition, channels[0]);
  const inference = createClient(InferenceAPIsServiceDefinition, channels[1]);
  const archive = (id: string): string => join(store, archiveName(id));
  const discard = (id: string) => rm(archive(id), { force: true });
  const { unload, purge, measured } = managementCalls(management);
  return {
    name: 'TorchServe',
    folder: FOLDER,
    keep: [CONFIGURATION],
    methodInfos: {
      'org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions': NAMED_BY_FIRST_FIELD,
      ...V2_METHODS,
    },
    adapt: async (model) => {
      await discard(model.id);
      await layOutForTorchserve(model, archive(model.id));
    },
    load: async (id, signal) => {
      const workers = Math.max(1, settings.LIMIT_PER_MODEL_CONCURRENCY);
      const batching = { batchSize: settings.REQUEST_BATCH_SIZE, maxBatchDelay: settings.MAX_BATCH_DELAY_SECS };
      const model = { modelName: id, url: archiveName(id), synchronous: true, initialWorkers: workers };
      await management.registerModel({ ...model, ...batching }, { signal });
    },
    unload,
    discard,
    ready: async () => {
      const answer = await inference.ping({}, soon()).catch(() => undefined);
      return answer !== undefined && isHealthy(answer.health) ? {} : undefined;
    },
    purge,
    measure: async (id) => {
      for (let tries = 0; tries < MEASURE_TRIES; tries += 1) {
        const bytes = await measured(id).catch(() => undefined);
        if (bytes !== undefined) return bytes;
        await sleep(MEASURE_EACH_MS);
      }
      return undefined;
    },
    stop: async () => channels.forEach((channel) => channel.close()),
  };
}

/** The calls by name, of a server that speaks in JSON. Each throws ClientError, or Error for an answer of another shape. */
function managementCalls(management: ManagementAPIsServiceClient) {
  const unload = async (id: string): Promise<void> => {
    await management.unregisterModel({ modelName: id }).catch((error: unknown) => {
      if ((error as ClientError).code !== Status.NOT_FOUND) throw error;
    });
  };
  const purge = async (): Promise<void> => {
    const names: string[] = [];
    for (let next: number | undefined = 0; next !== undefined;) {
      const page = modelPage((await management.listModels({ limit: PAGE, nextPageToken: next }, soon())).msg);
      names.push(...page.names);
      next = page.next;
    }
    await Promise.all(names.map(unload));
  };
  const measured = async (id: string): Promise<number | undefined> => {
    const request = { modelName: id, modelVersion: 'all' };
    return workerMemory((await management.describeModel(request, soon())).msg);
  };
  return { unload, purge, measured };
}

function soon(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(QUESTION_MS) };
}

const CONFIGURATION = 'mmconfig.properties';

/** Writes what TorchServe waits for before it starts. Appears whole or not at all. */
function writeConfiguration(folder: string): void {
  const properties = {
    enable_envvars_config: true,
    model_store: folder,
    metric_time_interval: 10,
    inference_address: 'http://127.0.0.1:8083',
    number_of_netty_threads: 8,
    job_queue_size: 512,
  };
  const text = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${CONFIGURATION}.new`), text.join(''));
  renameSync(join(folder, `${CONFIGURATION}.new`), join(folder, CONFIGURATION));
}
