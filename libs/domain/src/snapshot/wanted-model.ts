import { wantedOfInferenceService } from '../registration/inference-service.ts';
import { wantedOfPredictor, type Wanted } from '../registration/predictor.ts';
import type { PredictorSnapshot, Viewed } from './snapshot.ts';

export function wantedOf({ key }: PredictorSnapshot, object: Viewed): Wanted {
  return key.owner === 'isvc' ? wantedOfInferenceService(object.body) : wantedOfPredictor(object.body);
}
