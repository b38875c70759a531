import { z } from 'zod';
import type { RuntimeFacts } from '../changes/facts.ts';
import { reduce, type JsonObject } from '../objects/reduce.ts';
import { wantedOfInferenceService } from '../registration/inference-service.ts';
import type { Wanted } from '../registration/predictor.ts';

export type NamedRuntime = Pick<RuntimeFacts, 'multiModel' | 'disabled' | 'labels'> & { readonly name: string };
type FactsByName = Readonly<Record<string, unknown>>;

/** What a namespace sees: its own runtimes, and those of the cluster whose names it has not taken for itself. */
export function visibleRuntimes(ofNamespace: FactsByName, ofCluster: FactsByName): readonly NamedRuntime[] {
  const facts = { ...ofCluster, ...ofNamespace };
  return Object.entries(facts).map(([name, each]) => ({ ...(each as RuntimeFacts), name }));
}

/** Why no model can be made of an InferenceService: what its status will say, said when it is written. Never throws. */
export function registrationWarning(object: JsonObject): string | undefined {
  const wanted = wantedOf(object);
  return wanted.kind === 'invalid' ? `InvalidPredictorSpec: ${wanted.message}` : undefined;
}

/**
 * Says that no runtime could serve the model as things stand, with the reason that its status would have. A runtime that comes
 * later changes that, so it is no more than a warning. Never throws.
 */
export function formatWarning(object: JsonObject, runtimes: readonly NamedRuntime[]): string | undefined {
  const wanted = wantedOf(object);
  if (wanted.kind !== 'model') return undefined;
  const label = wanted.registration.modelInfo.type;
  if (runtimes.some((runtime) => supports(runtime, label.split('|')))) return undefined;
  if (label.startsWith('rt:'))
    return `RuntimeNotRecognized: no enabled multi-model runtime is named ${label.slice('rt:'.length)}; the model waits for one`;
  return `NoSupportingRuntime: no enabled multi-model runtime serves ${wordsOf(label)}; the model waits for one`;
}

/** The REST proxy, on unless it is configured away, speaks v2 for a runtime that speaks grpc-v2: here doubt means silence. */
function supports({ multiModel, disabled, labels }: NamedRuntime, parts: readonly string[]): boolean {
  const has = (part: string): boolean => labels.includes(part) || (part === 'pv:v2' && labels.includes('pv:grpc-v2'));
  return multiModel && !disabled && parts.every(has);
}

/** `mt:onnx:1|pv:v2` as "format onnx:1 with protocol v2". */
function wordsOf(label: string): string {
  const [format = '', protocol] = label.split('|');
  const words = `format ${format.slice('mt:'.length)}`;
  return protocol === undefined ? words : `${words} with protocol ${protocol.slice('pv:'.length)}`;
}

const metadataSchema = z.object({
  name: z.string().catch(''),
  namespace: z.string().catch(''),
  annotations: z.record(z.string(), z.string()).catch({}),
});

/** An object under admission may lack a name, and has not been through our reducer. */
function wantedOf(object: JsonObject): Wanted {
  const metadata = metadataSchema.catch({ name: '', namespace: '', annotations: {} }).parse(object['metadata']);
  return wantedOfInferenceService(reduce('inferenceServices', { ...object, metadata }));
}
