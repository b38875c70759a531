import type { Reason } from './reasons.ts';

/** Why nothing, or not all, is done now. A change of something else ends it; it needs no retry. */
export type Obstacle = { readonly reason: Reason; readonly message: string };

export const WAITING: Obstacle = { reason: 'RuntimeUnhealthy', message: 'Waiting for runtime Pod to become available' };

export const OWNER_CONFLICT_MESSAGE = 'Predictor already exists with the same name from a different source';
