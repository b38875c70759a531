import { parseConfig } from '../config/parse-config.ts';
import type { EtcdSecretFacts } from '../changes/facts.ts';
import type { Gathered } from '../ports/event-log.ts';
import { asObject, type ReducedObject } from '../objects/reduce.ts';
import type { MeshKey } from '../objects/work-key.ts';
import type { SnapshotContext } from './gather-request.ts';
import { namedRuntimes, type IsComplete, type ObjectsOf } from './parts.ts';
import type { ConfigMapSeen, MeshSnapshot, Surroundings } from './snapshot.ts';

export function meshParts(
  key: MeshKey,
  gathered: Gathered,
  of: ObjectsOf,
  complete: IsComplete,
  { ownNamespace, etcdSecretName, namespaceScope = false, controllerDeployment = '' }: SnapshotContext,
): Omit<MeshSnapshot, keyof Surroundings> {
  const [, , ofNamespace = {}, ofCluster = {}, etcd = {}] = gathered.facts;
  const own = namedRuntimes('ServingRuntime', ofNamespace);
  const shared = namedRuntimes('ClusterServingRuntime', ofCluster).filter(
    ({ name }) => ofNamespace[name] === undefined,
  );
  const [configMap] = of('config');
  return {
    key,
    ownNamespace,
    namespace: of('namespaces')[0],
    controllerDeployment: namespaceScope ? controllerDeployment : undefined,
    live: {},
    services: of('services'),
    typeConstraints: of('typeConstraints')[0],
    serviceMonitor: of('serviceMonitors')[0],
    serviceMonitorsComplete: complete('serviceMonitors'),
    runtimes: [...own, ...shared],
    etcdSecretName,
    etcdSource: (etcd[etcdSecretName] as EtcdSecretFacts | undefined)?.revision,
    etcdCopy: key.namespace === ownNamespace ? undefined : of('etcdSecrets')[0],
    configMap: configMap && seenConfigMap(configMap.body),
    complete: MESH_SOURCES.every(complete),
  };
}

const MESH_SOURCES = [
  'services',
  'typeConstraints',
  'etcdSecrets',
  'servingRuntimes',
  'clusterServingRuntimes',
] as const;

function seenConfigMap(body: ReducedObject): ConfigMapSeen {
  const parsed = parseConfig(asObject(body.data?.['config']));
  return parsed.kind === 'ok'
    ? { body, problems: [], warnings: parsed.warnings }
    : { body, problems: parsed.problems, warnings: [] };
}
