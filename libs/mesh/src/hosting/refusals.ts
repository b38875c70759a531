import { UNIT_BYTES, type ModelCache, type Refusal } from '@meshkeeper/placement';

/** Why an instance does not take a model. The original's own texts stay as they are, since alerts and runbooks search for them. */
export function refusalMessage(reason: Refusal, id: string, cache: ModelCache, units: number): string {
  switch (reason) {
    case 'churn':
      return 'Cache churn threshold exceeded';
    case 'too-large':
      return tooLargeMessage(`Predicted size of model ${id}`, units * UNIT_BYTES, cache.effective);
    case 'newer-models':
      return `No space for model ${id}: all that is loaded was used more recently`;
    case 'present':
      return `Model ${id} is here already`;
  }
}

export function tooLargeMessage(what: string, bytes: number, effectiveUnits: number): string {
  return `${what}, ${bytes} bytes, is larger than total effective capacity of ${effectiveUnits * UNIT_BYTES} bytes`;
}
