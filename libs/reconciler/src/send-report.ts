import {
  messageOf,
  statusPatch,
  type KindName,
  type KubeObject,
  type ObjectRef,
  type PredictorSnapshot,
  type Report,
  type ReportedEvent,
  type RuntimeKey,
  type Snapshot,
  type WorkKey,
} from '@meshkeeper/domain';
import type { RunContext } from '@meshkeeper/work-queue';
import type { RunInput } from './apply-steps.ts';
import { kubeEffect, logEffect } from './effects.ts';
import type { Ports } from './ports.ts';

/** Writes the status where it says something new, and sends the Events of what has changed. */
export async function sendReport(ports: Ports, context: RunContext, input: RunInput, report: Report): Promise<void> {
  if (report.status !== undefined) await writeStatus(ports, context, input, report);
  for (const { type, reason, message, about: aboutWhat } of report.events) {
    const about = aboutOf(input.snapshot, aboutWhat);
    if (about === undefined) continue;
    context.guard();
    // An Event is a courtesy: losing one must not hold up the key.
    await ports.events.send(about, type, reason, message).then(
      () => ports.writes.wrote('events', reason),
      (error: unknown) =>
        ports.logger.warn({ key: context.key, reason, error: messageOf(error) }, 'An Event could not be sent'),
    );
  }
}

async function writeStatus(ports: Ports, context: RunContext, input: RunInput, report: Report): Promise<void> {
  const { object, key } = input.snapshot as PredictorSnapshot;
  if (object === undefined || report.status === undefined) return;
  const patch = statusPatch(key.owner, report.status, object.body.status);
  if (patch === undefined) return;
  context.guard();
  const ref: ObjectRef = { kind: kindOf(input.key), namespace: key.namespace, name: key.name };
  const written = await ports.kube.patchStatus(ref, patch, object.revision, context.signal);
  ports.writes.wrote(`${ref.kind}/status`, 'StatusChanged');
  const write = {
    what: `patch ${ref.kind}/status ${ref.namespace}/${ref.name}`,
    kind: `${ref.kind}/status`,
    reason: 'StatusChanged' as const,
  };
  await logEffect(ports, context, input.gathered, write, kubeEffect(ports, ref, 'ok', written));
}

function kindOf(key: WorkKey): KindName {
  return key.kind === 'predictor' && key.owner === 'ksp' ? 'predictors' : 'inferenceServices';
}

type About = { readonly kind: KindName; readonly object: KubeObject['metadata'] };

/** The object that Events are about; for a namespace's own objects the Namespace, or the ConfigMap of the configuration. */
function aboutOf(snapshot: Snapshot, what: ReportedEvent['about']): About | undefined {
  if ('configMap' in snapshot) {
    const { configMap, namespace } = snapshot;
    if (what === 'config') return configMap && { kind: 'config', object: configMap.body.metadata };
    return namespace && { kind: 'namespaces', object: namespace.body.metadata };
  }
  if ('object' in snapshot)
    return snapshot.object && { kind: kindOf(snapshot.key), object: snapshot.object.body.metadata };
  if ('runtime' in snapshot && snapshot.runtime !== undefined) {
    const { kind, body } = snapshot.runtime;
    const shared = kind === 'ClusterServingRuntime';
    return {
      kind: shared ? 'clusterServingRuntimes' : 'servingRuntimes',
      object: shared ? atNamespace(body.metadata, snapshot.key) : body.metadata,
    };
  }
  return undefined;
}

/** An Event about a cluster-wide runtime is sent in the namespace that it affects. */
function atNamespace(metadata: KubeObject['metadata'], { namespace }: RuntimeKey): KubeObject['metadata'] {
  return { ...metadata, namespace };
}
