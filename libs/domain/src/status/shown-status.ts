import { z } from 'zod';
import type { ReducedObject } from '../objects/reduce.ts';
import type { Owner } from '../objects/work-key.ts';

export type ModelState = '' | 'Pending' | 'Standby' | 'Loading' | 'Loaded' | 'FailedToLoad';
export type TransitionStatus = '' | 'UpToDate' | 'InProgress' | 'BlockedByFailedLoad' | 'InvalidSpec';

/** What an object's status shows now, of either kind, as far as the next one depends on it. */
export type ShownStatus = {
  readonly ready: boolean;
  /** The model that was loaded when Ready became True; empty where nothing says. */
  readonly readyModelId: string;
  /** Of condition Ready; empty where it is True, and for a Predictor, which has no conditions. */
  readonly readyReason: string;
  readonly activeState: ModelState;
  readonly targetState: ModelState;
  readonly transition: TransitionStatus;
  readonly failureReason: string;
  readonly failureMessage: string;
  /** Epoch ms; 0 for none. */
  readonly failureTime: number;
};

const text = z
  .string()
  .nullish()
  .catch('')
  .transform((value) => value ?? '');
const failureSchema = z.object({ reason: text, message: text, time: text }).nullish().catch(undefined);

const isvcSchema = z.object({
  conditions: z
    .array(z.object({ type: text, status: text, reason: text }))
    .nullish()
    .catch([]),
  components: z
    .object({ predictor: z.object({ latestReadyRevision: text }).nullish() })
    .nullish()
    .catch(undefined),
  modelStatus: z
    .object({
      transitionStatus: text,
      states: z.object({ activeModelState: text, targetModelState: text }).nullish().catch(undefined),
      lastFailureInfo: failureSchema,
    })
    .nullish()
    .catch(undefined),
});

const predictorSchema = z.object({
  available: z.boolean().nullish().catch(false),
  activeModelState: text,
  targetModelState: text,
  transitionStatus: text,
  lastFailureInfo: failureSchema,
});

const NOTHING_SHOWN: ShownStatus = {
  ready: false,
  readyModelId: '',
  readyReason: '',
  activeState: 'Pending',
  targetState: '',
  transition: '',
  failureReason: '',
  failureMessage: '',
  failureTime: 0,
};

/** Reads a status written by us or by the original, or none. Never throws. */
export function readShown(owner: Owner, object: ReducedObject | undefined): ShownStatus {
  if (object?.status === undefined) return NOTHING_SHOWN;
  if (owner === 'ksp') {
    const { available, activeModelState, targetModelState, transitionStatus, lastFailureInfo } = predictorSchema.parse(
      object.status,
    );
    return {
      ...shown(activeModelState, targetModelState, transitionStatus, lastFailureInfo),
      ready: available === true,
      readyReason: '',
      readyModelId: '',
    };
  }
  const { conditions, components, modelStatus } = isvcSchema.parse(object.status);
  const { states, transitionStatus = '', lastFailureInfo } = modelStatus ?? {};
  return {
    ...shown(states?.activeModelState ?? '', states?.targetModelState ?? '', transitionStatus, lastFailureInfo),
    ready: conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true,
    readyReason: conditions?.find(({ type }) => type === 'Ready')?.reason ?? '',
    readyModelId: components?.predictor?.latestReadyRevision ?? '',
  };
}

type Failure = z.output<typeof failureSchema>;

function shown(
  active: string,
  target: string,
  transition: string,
  failure: Failure,
): Omit<ShownStatus, 'ready' | 'readyModelId' | 'readyReason'> {
  return {
    activeState: (active === '' ? 'Pending' : active) as ModelState,
    targetState: target as ModelState,
    transition: transition as TransitionStatus,
    failureReason: failure?.reason ?? '',
    failureMessage: failure?.message ?? '',
    failureTime: failure?.time ? Date.parse(failure.time) || 0 : 0,
  };
}
