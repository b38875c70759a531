import { DEFAULT_CONFIG } from '../config/mesh-config.ts';
import type { ConfigFacts, NamespaceFacts } from '../changes/facts.ts';
import { CONFIG_MAP_NAME, KINDS } from '../objects/kinds.ts';
import { parseMemory } from './memory.ts';
import type { Gathered } from '../ports/event-log.ts';
import type { ReducedObject } from '../objects/reduce.ts';
import type { WorkKey } from '../objects/work-key.ts';
import type { SnapshotContext } from './gather-request.ts';
import { meshParts } from './mesh-parts.ts';
import { predictorParts } from './predictor-parts.ts';
import { runtimeParts } from './runtime-parts.ts';
import type { Snapshot, Surroundings, Viewed } from './snapshot.ts';

/** The typed snapshot of what was gathered. `memory` is what the last run left, `live` what was looked up beside. */
export function toSnapshot(key: WorkKey, gathered: Gathered, context: SnapshotContext, memory = ''): Snapshot {
  // In namespace scope there is nothing cluster-wide, which is known and not unknown.
  const complete = (kind: keyof typeof KINDS): boolean =>
    (context.namespaceScope === true && !KINDS[kind].namespaced) ||
    gathered.sources[KINDS[kind].source]?.complete === true;
  const [config, namespaces] = gathered.facts;
  const namespaceFacts = namespaces?.[key.namespace] as NamespaceFacts | undefined;
  const enabledIn = (): boolean | undefined => {
    if (!complete('config')) return undefined;
    if (context.namespaceScope === true) return key.namespace === context.ownNamespace;
    return complete('namespaces') ? (namespaceFacts?.enabled ?? false) : undefined;
  };
  const surroundings: Surroundings = {
    config: (config?.[CONFIG_MAP_NAME] as ConfigFacts | undefined) ?? {
      kind: 'ok',
      config: DEFAULT_CONFIG,
      warnings: [],
    },
    namespaceEnabled: enabledIn(),
    namespacePaused: namespaceFacts?.paused === true,
    memory: parseMemory(memory),
  };
  const of = (kind: keyof typeof KINDS): readonly Viewed[] =>
    gathered.objects
      .filter((object) => object.source === KINDS[kind].source)
      .map(({ revision, body }) => ({ revision, body: body as ReducedObject }));
  switch (key.kind) {
    case 'mesh':
      return { ...surroundings, ...meshParts(key, gathered, of, complete, context) };
    case 'runtime':
      return { ...surroundings, ...runtimeParts(key, gathered, of, complete, context) };
    case 'predictor':
      return { ...surroundings, ...predictorParts(key, gathered, of, complete, surroundings.config) };
  }
}
