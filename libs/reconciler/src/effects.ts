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

/** A write as the log names it, such as `apply deployments team-a/x`. */
export type Write = { readonly what: string; readonly kind: string; readonly reason: Reason };

/**
 * Logs a write with its cause and folds its result into the view, so that the echo from the watch is already known. Never rejects: the write
 * has happened, and the watcher records it when the log cannot be written here.
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

/** The state of an object after a write; a note when `object`, the server's answer, is not known. */
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

/**
 * Reads a VModel's record from etcd after a mutation, because the mesh's reply does not carry its revision. Never rejects: an unreadable
 * record becomes a note, and the watcher records the change later.
 */
export async function readBackVModel(
  ports: Ports,
  service: string,
  namespace: string,
  vModelId: string,
): Promise<EffectResult> {
  try {
    const record = await ports.meshRecords.readVModel(service, namespace, vModelId);
    return { source: MESH_SOURCE, outcome: 'ok', change: toRecordChange(record) };
  } catch (error) {
    ports.logger.debug(
      { vModelId, error: messageOf(error) },
      'The record could not be read back; the watcher will see it',
    );
    return unknownVModelEffect(namespace, vModelId, 'ok');
  }
}

/** A VModel whose state after the write is not known. */
export function unknownVModelEffect(namespace: string, vModelId: string, outcome: string): EffectResult {
  return { source: MESH_SOURCE, outcome, change: note(namespace, `vmodels/${vModelId}`) };
}

function note(namespace: string, name: string): Change {
  return { op: 'note', namespace, name, revision: '0', body: '', facts: '', keys: [], wakes: [], indexes: [] };
}
