import { join } from 'node:path';
import { RuntimeStatusNumber, type RuntimeStatusResponse } from '@meshkeeper/modelmesh';
import type { Logger } from '@meshkeeper/process';
import { emptyFolder } from '../layout/model-files.ts';
import type { ModelServer } from './model-server.ts';
import type { AdapterSettings } from './settings.ts';

export type StatusParts = {
  readonly settings: AdapterSettings;
  readonly server: ModelServer;
  readonly logger: Logger;
};

const { STARTING, READY, FAILING } = RuntimeStatusNumber;

/** The mesh that requests it has just started and expects an empty server: it is emptied first. Never rejects. */
export async function runtimeStatus(parts: StatusParts): Promise<Partial<RuntimeStatusResponse>> {
  const { settings, server, logger } = parts;
  const ready = await server.ready();
  if (ready === undefined) return { status: STARTING };
  try {
    await server.purge();
  } catch (error) {
    logger.warn({ err: error }, `${server.name} did not unload what it had`);
    return { status: STARTING };
  }
  try {
    await purgeFiles(settings.ROOT_MODEL_DIR, server);
  } catch (error) {
    logger.error({ err: error }, 'The model folder could not be emptied');
    return { status: FAILING };
  }
  return readyStatus(parts, ready.version ?? settings.RUNTIME_VERSION);
}

/** The server's own files stay: a list of models that it reads, what it was started with. */
async function purgeFiles(root: string, server: ModelServer): Promise<void> {
  await emptyFolder(root, [server.folder, ...(server.keep ?? [])]);
  await emptyFolder(join(root, server.folder), server.keep);
}

function readyStatus({ settings, server }: StatusParts, runtimeVersion: string): Partial<RuntimeStatusResponse> {
  return {
    status: READY,
    capacityInBytes: BigInt(settings.capacityBytes),
    maxLoadingConcurrency: settings.LOADING_CONCURRENCY,
    modelLoadingTimeoutMs: settings.loadTimeoutMs,
    defaultModelSizeInBytes: BigInt(settings.DEFAULT_MODELSIZE),
    runtimeVersion,
    limitModelConcurrency: settings.LIMIT_PER_MODEL_CONCURRENCY > 0,
    methodInfos: server.methodInfos,
  };
}
