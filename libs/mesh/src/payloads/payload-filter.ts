import type { PayloadTarget } from '../settings/payload-targets.ts';
import type { Payload } from './payload.ts';

export function isWanted({ model, method }: PayloadTarget, payload: Payload): boolean {
  if (method !== undefined && method !== payload.method) return false;
  return model === undefined || model === payload.modelId || model === payload.vModelId;
}
