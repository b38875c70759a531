import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { reduce, type KubeObject } from '../objects/reduce.ts';
import { wantedOfInferenceService } from './inference-service.ts';
import { wantedOfPredictor, type Wanted } from './predictor.ts';

type Vector = {
  readonly object: KubeObject;
  readonly ignored?: true;
  readonly error?: string;
  readonly invalid?: string;
  readonly targetModelId?: string;
  readonly owner?: string;
  readonly modelInfo?: { readonly type: string; readonly path: string; readonly key: string };
};

// Made by the original's own code on pseudo-random objects; testdata/README.md says how a line reads.
const lines = readFileSync(new URL('testdata/predictors.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n');

function expected({ ignored, error, invalid, targetModelId, owner, modelInfo }: Vector): unknown {
  if (ignored) return { kind: 'ignored' };
  const message = error ?? invalid;
  if (message !== undefined) return { kind: 'invalid', message };
  return { kind: 'model', registration: { targetModelId, owner, modelInfo } };
}

function wanted(object: KubeObject): Wanted {
  if (object.kind === 'Predictor') return wantedOfPredictor(reduce('predictors', object));
  return wantedOfInferenceService(reduce('inferenceServices', object));
}

describe('what the original registers, to the byte', () => {
  for (const [i, line] of lines.entries()) {
    const vector = JSON.parse(line) as Vector;
    test(`line ${i + 1}: ${vector.object.kind} ${vector.object.metadata.name}`, () => {
      assert.deepEqual(wanted(vector.object), expected(vector));
    });
  }
});
