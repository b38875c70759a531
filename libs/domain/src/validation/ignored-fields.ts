import { asObject, LEGACY_FRAMEWORKS, type Json, type JsonObject } from '../objects/reduce.ts';
import { DEPLOYMENT_MODE } from '../registration/inference-service.ts';

/** All that a registration is made of; `name` is a container's, which many clients fill in by themselves. */
const READ_OF_MODEL = ['modelFormat', 'runtime', 'protocolVersion', 'storageUri', 'storage', 'name'];
const READ_OF_PREDICTOR = ['model', ...LEGACY_FRAMEWORKS, 'name'];
const READ_OF_SPEC = ['predictor'];

const IN_RUNTIME = 'set it in the ServingRuntime';
const IN_CONTAINER = "set it in the ServingRuntime's container";
const REPLICAS = 'set spec.replicas or the autoscaling annotations of the ServingRuntime';
/** For the frameworks of KServe that ModelMesh never read. */
const USE_MODEL = 'use spec.predictor.model with a modelFormat';
const IN_CONFIG = 'in the ConfigMap model-serving-config';

const SPEC_ADVICE: Readonly<Record<string, string>> = {
  transformer: 'transform in the client or in a service before the model',
  explainer: 'run the explainer as a service of its own',
};

const PREDICTOR_ADVICE: Readonly<Record<string, string>> = {
  minReplicas: REPLICAS,
  maxReplicas: REPLICAS,
  scaleTarget: 'set the annotation serving.kserve.io/targetUtilizationPercentage on the ServingRuntime',
  scaleMetric: 'set the annotation serving.kserve.io/metrics on the ServingRuntime',
  containerConcurrency: 'set the annotation perModelConcurrencyLimit on the ServingRuntime',
  timeout: "set a deadline in the client's calls",
  canaryTrafficPercent: 'a changed model takes over as a whole once it is loaded',
  logger: `set payloadProcessors ${IN_CONFIG}`,
  batcher: "set batching in the model server's own configuration",
  containers: 'make a ServingRuntime of them and name it in spec.predictor.model.runtime',
  serviceAccountName: `set serviceAccountName ${IN_CONFIG}`,
  workerSpec: 'a model of ModelMesh is held by one pod',
  huggingface: USE_MODEL,
  paddle: USE_MODEL,
};

const MODEL_ADVICE: Readonly<Record<string, string>> = {
  runtimeVersion: "set the image of the ServingRuntime's container",
};

/**
 * A warning for each field of an InferenceService in ModelMesh mode that counts for nothing: models share pods, so whatever is
 * said of a pod belongs to the runtime. Empty fields are skipped. Never throws.
 */
export function ignoredFieldWarnings(object: JsonObject): readonly string[] {
  const annotations = asObject(asObject(object['metadata'])['annotations']);
  if (annotations[DEPLOYMENT_MODE] !== 'ModelMesh') return [];
  const spec = asObject(object['spec']);
  const predictor = asObject(spec['predictor']);
  const models = ['model', ...LEGACY_FRAMEWORKS].flatMap((name) =>
    warningsOf(`spec.predictor.${name}`, asObject(predictor[name]), READ_OF_MODEL, MODEL_ADVICE, IN_CONTAINER),
  );
  return [
    ...warningsOf('spec', spec, READ_OF_SPEC, SPEC_ADVICE, 'remove it'),
    ...warningsOf('spec.predictor', predictor, READ_OF_PREDICTOR, PREDICTOR_ADVICE, IN_RUNTIME),
    ...models,
  ];
}

function warningsOf(
  path: string,
  object: JsonObject,
  read: readonly string[],
  advice: Readonly<Record<string, string>>,
  otherwise: string,
): readonly string[] {
  return Object.entries(object)
    .filter(([name, value]) => !read.includes(name) && !isEmpty(value))
    .map(([name]) => {
      const what = Object.hasOwn(advice, name) ? advice[name] : otherwise;
      return `${path}.${name} is ignored in ModelMesh mode: ${what}`;
    });
}

function isEmpty(value: Json): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
