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

/** What must hold before a VModel goes because its object is not there (laws 4 and 13). @throws CallError where it does not. */
export async function beforeDeletion(ports: Ports, ref: ObjectRef): Promise<void> {
  await requireUnwanted(ports, ref);
  await requirePermit(ports, ref);
}

/** A view that lost its objects would take all models along: the rest of many waits until their source has been listed again. */
async function requirePermit({ brake, events, logger, writes }: Ports, { kind, namespace }: ObjectRef): Promise<void> {
  const answer = await brake.permit(namespace, KINDS[kind].source);
  if (answer === 'go') return;
  const message = `More than a fifth of the models of namespace ${namespace} would go within a minute; the rest waits until all ${KINDS[kind].plural} have been listed again`;
  writes.hindered('predictor', 'DeletionHeld');
  if (answer === 'held') {
    logger.warn({ namespace, reason: 'DeletionHeld' }, message);
    await events.send({ kind: 'namespaces', object: { name: namespace } }, 'Warning', 'DeletionHeld', message).then(
      () => writes.wrote('events', 'DeletionHeld'),
      (error: unknown) => logger.warn({ namespace, error: messageOf(error) }, 'An Event could not be sent'),
    );
  }
  throw new CallError('Transient', message, { code: 'DeletionHeld' });
}

/** Before anything is deleted outside Redis, the object whose absence justifies it is read live: the view may be behind. */
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
