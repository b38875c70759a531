import type { ConfigFacts } from '../changes/facts.ts';
import { CONFIG_MAP_NAME, KINDS } from '../objects/kinds.ts';
import type { Gathered, GatherRequest } from '../ports/event-log.ts';
import { DEFAULT_CONFIG, type MeshConfig } from '../config/mesh-config.ts';

const { source } = KINDS.config;

/** The request of callers that need only the configuration. It reads no source that they record themselves. */
export function configRequest(ownNamespace: string): GatherRequest {
  const facts = [{ source, namespace: ownNamespace, name: CONFIG_MAP_NAME }];
  return { key: '', sources: [source], facts, objects: [], indexes: [] };
}

/** The configuration that plans see; undefined while it is not known, or wrong. */
export function configInForce(gathered: Gathered): MeshConfig | undefined {
  if (gathered.sources[source]?.complete !== true) return undefined;
  const facts = gathered.facts[0]?.[CONFIG_MAP_NAME] as ConfigFacts | undefined;
  if (facts === undefined) return DEFAULT_CONFIG;
  return facts.kind === 'ok' ? facts.config : undefined;
}
