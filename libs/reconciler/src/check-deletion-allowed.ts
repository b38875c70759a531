import {
  CallError,
  KINDS,
  messageOf,
  reduce,
  wantedOfInferenceService,
  wantedOfPredictor,
  type ObjectRef,
} from '@meshkeeper/domain';
import type { Ports } from './ports.ts';

/**
 * Checks what must hold before a VModel is deleted because its object is missing: the object is absent when read live (law 4), and the
 * namespace is not losing many models at a time (law 13). docs/architecture.md has the laws.
 * @throws CallError Conflict with code StillWanted, or Transient with code DeletionHeld
 */
export async function checkDeletionAllowed(ports: Ports, ref: ObjectRef): Promise<void> {
  await requireUnwanted(ports, ref);
  await requirePermit(ports, ref);
}

/** If the view lost its objects, all models would be deleted with them: beyond a fifth, deletions wait for another complete list. */
async function requirePermit({ brake, events, logger, writes }: Ports, { kind, namespace }: ObjectRef): Promise<void> {
  const answer = await brake.permit(namespace, KINDS[kind].source);
  if (answer === 'go') return;
  const message = `More than a fifth of the models of namespace ${namespace} would go within a minute; the rest waits until all ${KINDS[kind].plural} have been listed again`;
  writes.blocked('predictor', 'DeletionHeld');
  if (answer === 'held') {
    logger.warn({ namespace, reason: 'DeletionHeld' }, message);
    await events.send({ kind: 'namespaces', object: { name: namespace } }, 'Warning', 'DeletionHeld', message).then(
      () => writes.wrote('events', 'DeletionHeld'),
      (error: unknown) => logger.warn({ namespace, error: messageOf(error) }, 'An Event could not be sent'),
    );
  }
  throw new CallError('Transient', message, { code: 'DeletionHeld' });
}

/** The view may be behind, so the object whose absence justifies the deletion is read live. */
async function requireUnwanted(ports: Ports, ref: ObjectRef): Promise<void> {
  const live = await ports.kube.read(ref);
  if (live === undefined) return;
  const body = reduce(ref.kind, live);
  const wanted = ref.kind === 'predictors' ? wantedOfPredictor(body) : wantedOfInferenceService(body);
  if (wanted.kind !== 'ignored') {
    throw new CallError('Conflict', `${KINDS[ref.kind].kind} ${ref.namespace}/${ref.name} exists after all`, {
      code: 'StillWanted',
    });
  }
}
