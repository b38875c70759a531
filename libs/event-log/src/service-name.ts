import { CallError, configInForce, configRequest } from '@meshkeeper/domain';
import { gather } from './gather.ts';
import type { EventLogOptions } from './recorder.ts';

/**
 * Reads the name of the inference Service from the configuration as it is recorded, since plans see the same: all watchers change
 * over together, and the name of the last good configuration applies while an invalid one is in the cluster.
 */
export function createServiceName(log: EventLogOptions, ownNamespace: string): () => Promise<string> {
  return async () => {
    const config = configInForce(await gather(log, configRequest(ownNamespace)));
    if (config !== undefined) return config.inferenceServiceName;
    throw new CallError('Transient', 'The mesh is not known by name: no good configuration is recorded yet', {
      code: 'ConfigurationUnknown',
    });
  };
}
