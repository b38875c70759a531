import { z } from 'zod';
import { asObject, LEGACY_FRAMEWORKS, type ReducedObject } from '../objects/reduce.ts';
import { parseGoUrl, type GoUrl } from './go-url.ts';
import { concreteName, toModelInfo, type PredictorSpec } from './predictor-spec.ts';
import type { Wanted } from './predictor.ts';

const PREFIX = 'serving.kserve.io';
export const DEPLOYMENT_MODE = `${PREFIX}/deploymentMode`;
const RUNTIME = `${PREFIX}/servingRuntime`;
const SECRET_KEY = `${PREFIX}/secretKey`;
const SCHEMA_PATH = `${PREFIX}/schemaPath`;

const text = z.string();
const optional = text.nullish().transform((value) => value ?? undefined);

const frameworkSchema = z.object({
  modelFormat: z.object({ name: text, version: optional }).nullish(),
  runtime: optional,
  protocolVersion: optional,
  storageUri: optional,
  storage: z
    .object({ key: optional, path: optional, schemaPath: optional, parameters: z.record(text, text).nullish() })
    .nullish(),
});
type Framework = z.output<typeof frameworkSchema>;
type Chosen = {
  readonly format: { readonly name: string; readonly version?: string | undefined };
  readonly runtime: string | undefined;
  readonly framework: Framework;
};

/** Expected refusals are values of the caller; this only carries one out of the depth. */
class Invalid extends Error {}

/** An InferenceService as a registration; `ignored` unless its deployment mode is exactly `ModelMesh`. Never throws. */
export function wantedOfInferenceService(body: ReducedObject): Wanted {
  if (body.metadata.annotations?.[DEPLOYMENT_MODE] !== 'ModelMesh') return { kind: 'ignored' };
  try {
    const spec = toSpec(body);
    const targetModelId = concreteName(body.metadata.name, 'isvc', spec);
    return { kind: 'model', registration: { targetModelId, owner: 'isvc', modelInfo: toModelInfo(spec) } };
  } catch (error) {
    if (error instanceof Invalid) return { kind: 'invalid', message: error.message };
    throw error;
  }
}

function toSpec(body: ReducedObject): PredictorSpec {
  const annotations = body.metadata.annotations ?? {};
  const { format, runtime, framework } = chooseFramework(body);
  const storage = framework.storage ?? undefined;
  const located = locate(`${body.metadata.namespace}/${body.metadata.name}`, framework);
  return {
    modelType: { name: format.name, version: format.version },
    path: '',
    storage: {
      path: located.path,
      schemaPath: storage?.schemaPath ?? annotations[SCHEMA_PATH],
      parameters: { ...storage?.parameters, ...located.parameters },
      key: storage?.key ?? annotations[SECRET_KEY],
    },
    runtime: runtime === undefined ? undefined : { name: runtime },
    protocolVersion: framework.protocolVersion === '' ? undefined : framework.protocolVersion,
  };
}

function chooseFramework(body: ReducedObject): Chosen {
  const { name, annotations = {} } = body.metadata;
  const predictor = asObject(body.spec?.['predictor']);
  const legacy = LEGACY_FRAMEWORKS.find(
    (framework) => predictor[framework] !== undefined && predictor[framework] !== null,
  );
  if (predictor['model'] !== undefined) {
    if (legacy !== undefined)
      throw new Invalid(
        `the InferenceService ${name} cannot have both the model spec and a framework spec (${legacy})`,
      );
    if (annotations[RUNTIME] !== undefined) {
      throw new Invalid(
        `the InferenceService ${name} cannot have both the model spec and the runtime annotation ${RUNTIME}`,
      );
    }
    const framework = parseFramework(predictor['model']);
    return { format: framework.modelFormat ?? { name: '' }, runtime: framework.runtime, framework };
  }
  if (legacy === undefined) throw new Invalid('no valid InferenceService predictor framework found');
  return { format: { name: legacy }, runtime: annotations[RUNTIME], framework: parseFramework(predictor[legacy]) };
}

function parseFramework(value: unknown): Framework {
  const parsed = frameworkSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Invalid(`spec.predictor.model.${issue?.path.join('.')}: ${issue?.message}`);
}

type Location = { readonly path: string; readonly parameters: Readonly<Record<string, string>> };

function locate(object: string, { storageUri, storage }: Framework): Location {
  const path = storage?.path;
  if (storageUri === undefined && path === undefined) {
    throw new Invalid(`the InferenceService ${object} must have either the storageUri or the storage.path`);
  }
  if (storageUri !== undefined && path !== undefined) {
    throw new Invalid(`the InferenceService ${object} cannot have both the storageUri and the storage.path`);
  }
  if (storageUri === undefined) return { path: path ?? '', parameters: {} };
  const parsed = parseGoUrl(storageUri);
  if (parsed.kind === 'problem')
    throw new Invalid(`could not parse storageUri in InferenceService ${object}: ${parsed.problem}`);
  return locateUrl(object, parsed.url);
}

const AZURE_HOST = 'blob.core.windows.net';

/** The storage type and its parameters by scheme, as the original's controller derives them. */
function locateUrl(object: string, url: GoUrl): Location {
  const path = url.path.startsWith('/') ? url.path.slice(1) : url.path;
  switch (url.scheme) {
    case 'pvc':
      return { path, parameters: { type: 'pvc', name: url.host } };
    case 's3':
      return { path, parameters: { type: 's3', bucket: url.host } };
    case 'gs':
      return { path, parameters: { type: 'gcs', bucket: url.host } };
    case 'http':
    case 'https':
      return url.host.endsWith(AZURE_HOST)
        ? locateAzure(url.host, path)
        : { path, parameters: { type: 'http', url: withoutPath(url) } };
    default:
      throw new Invalid(`the InferenceService ${object} has an unsupported storageUri scheme ${url.scheme}`);
  }
}

function locateAzure(host: string, path: string): Location {
  const [container = '', ...rest] = path.split('/');
  return { path: rest.join('/'), parameters: { type: 'azure', account_name: host.split('.')[0] ?? '', container } };
}

function withoutPath({ scheme, authority, query, fragment }: GoUrl): string {
  return `${scheme}://${authority}${query === undefined ? '' : `?${query}`}${fragment === undefined ? '' : `#${fragment}`}`;
}
