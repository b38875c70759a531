import {
  KINDS,
  MESH_SOURCE,
  messageOf,
  toChange,
  toRecordChange,
  type Change,
  type Gathered,
  type KubeObject,
  type ObjectRef,
  type Reason,
} from '@meshkeeper/domain';
import type { RunContext } from '@meshkeeper/work-queue';
import type { Ports } from './ports.ts';

/** A write, as the log names it: `apply deployments team-a/x`. */
export type Write = { readonly what: string; readonly kind: string; readonly reason: Reason };

/**
 * Logs a write with its cause and folds what it left behind into the view, so that its echo from the watch is known already. A log that
 * cannot be written does not undo the write: the watcher will see it.
 */
export async function logEffect(
  ports: Ports,
  context: RunContext,
  gathered: Gathered,
  write: Write,
  result: EffectResult,
): Promise<void> {
  const { source, change } = result;
  const epoch = gathered.sources[source]?.epoch ?? '';
  const effect = {
    key: context.key,
    fencingToken: context.run.fencingToken,
    write: write.what,
    reason: write.reason,
    outcome: result.outcome,
    cause: context.run.cause,
  };
  try {
    await ports.enqueue(await ports.effects.recordEffect(source, epoch, effect, change));
  } catch (error) {
    ports.logger.warn(
      { key: context.key, write: write.what, error: messageOf(error) },
      'An effect could not be logged',
    );
  }
}

export type EffectResult = { readonly source: string; readonly outcome: string; readonly change: Change };

/** What a write to Kubernetes left behind; a note where that is not known. */
export function kubeEffect(
  ports: Ports,
  ref: ObjectRef,
  outcome: string,
  object: KubeObject | undefined,
): EffectResult {
  const { source } = KINDS[ref.kind];
  if (object === undefined) return { source, outcome, change: note(ref.namespace, ref.name) };
  return { source, outcome, change: toChange(ref.kind, object, ports.context) };
}

/** After a mutation of the mesh its record is read once from etcd: the reply does not carry its revision. */
export async function meshEffect(
  ports: Ports,
  service: string,
  namespace: string,
  vModelId: string,
  outcome: string,
): Promise<EffectResult> {
  try {
    const record = await ports.meshRecords.readVModel(service, namespace, vModelId);
    return { source: MESH_SOURCE, outcome, change: toRecordChange(record) };
  } catch (error) {
    ports.logger.debug(
      { vModelId, error: messageOf(error) },
      'A record could not be read back; the watcher will see it',
    );
    return unknownMeshEffect(namespace, vModelId, outcome);
  }
}

/** What a write to the mesh left behind is not known. */
export function unknownMeshEffect(namespace: string, vModelId: string, outcome: string): EffectResult {
  return { source: MESH_SOURCE, outcome, change: note(namespace, `vmodels/${vModelId}`) };
}

function note(namespace: string, name: string): Change {
  return { op: 'note', namespace, name, revision: '0', body: '', facts: '', keys: [], concerns: [], indexes: [] };
}
