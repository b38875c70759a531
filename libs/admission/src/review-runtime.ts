import { autoscalerProblem, DEFAULT_CONFIG, isMultiModel, runtimeProblem } from '@meshkeeper/domain';
import { z } from 'zod';
import { problemText, type Review, type Verdict } from './admission-review.ts';

/** As far as the original decodes a runtime before it judges it. */
const runtimeSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }),
  spec: z.looseObject({
    multiModel: z.boolean().nullish(),
    replicas: z.int().min(0).max(65_535).nullish(),
  }),
});

const NOT_OURS = 'Not validating ServingRuntime because it is not ModelMesh compatible';
const PASSED = 'Passed all validation checks for ServingRuntime';

/**
 * Denies what the original denies, and no more: manifests that it admitted can still be applied. What keeps an admitted runtime
 * from being deployed, where the original crashed or stayed silent, is a warning. Server types are those of the default
 * configuration. Pure.
 */
export function reviewRuntime({ object }: Review): Verdict {
  const parsed = runtimeSchema.safeParse(object);
  if (!parsed.success) return { kind: 'undecodable', message: problemText(parsed.error) };
  const spec = parsed.data.spec as Parameters<typeof runtimeProblem>[0];
  if (!isMultiModel(spec)) return { kind: 'allowed', message: NOT_OURS };
  const denied = autoscalerProblem(parsed.data.metadata.annotations ?? {}, spec);
  if (denied !== undefined) return { kind: 'denied', message: denied };
  const problem = runtimeProblem(spec, DEFAULT_CONFIG.builtInServerTypes);
  const warnings = problem === undefined ? [] : [`Invalid runtime Spec: ${problem}`];
  return { kind: 'allowed', message: PASSED, warnings };
}
