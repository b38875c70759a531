import { CONFIG_MAP_NAME, DEFAULT_CONFIG, parseConfig, type KubeObject, type MeshConfig } from '@meshkeeper/domain';
import { decodeConfigMap } from './config-map.ts';
import { orUndefined } from './or-undefined.ts';
import type { KubeTransport } from './transport.ts';

/**
 * Reads the configuration live, for watchers whose sources are named in it. A wrong one leaves the last good one in force. The
 * function that is returned throws CallError when the API server does not answer.
 */
export function createConfigurationReader(transport: KubeTransport, namespace: string): () => Promise<MeshConfig> {
  let lastGood = DEFAULT_CONFIG;
  const path = `/api/v1/namespaces/${namespace}/configmaps/${CONFIG_MAP_NAME}`;
  return async () => {
    const object = await orUndefined(transport.call<KubeObject>({ method: 'GET', path }));
    const parsed = object && parseConfig(decodeConfigMap(object));
    if (parsed === undefined) lastGood = DEFAULT_CONFIG;
    else if (parsed.kind === 'ok') lastGood = parsed.config;
    return lastGood;
  };
}
