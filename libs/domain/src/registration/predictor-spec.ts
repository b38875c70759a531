import { createHash } from 'node:crypto';
import type { ModelInfo } from '../ports/mesh.ts';
import type { Owner } from '../objects/work-key.ts';
import { goJson, sortKeys } from './go-json.ts';

/**
 * The specification that a model's identity is a hash of: the original's typed PredictorSpec. Fields are in its order; one that
 * was set counts even if empty, one that was not is undefined.
 */
export type PredictorSpec = {
  readonly serviceAccountName?: string | undefined;
  readonly modelType: { readonly name: string; readonly version?: string | undefined };
  readonly path: string;
  readonly schemaPath?: string | undefined;
  readonly storage?: StorageSpec | undefined;
  readonly gpu?: string | undefined;
  readonly runtime?: { readonly name: string } | undefined;
  readonly protocolVersion?: string | undefined;
};

export type StorageSpec = {
  readonly path?: string | undefined;
  readonly schemaPath?: string | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly key?: string | undefined;
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: true | undefined } | undefined;
  readonly s3?: { readonly secretKey: string; readonly bucket?: string | undefined } | undefined;
};

/** What a model is registered as. */
export type Registration = { readonly targetModelId: string; readonly owner: Owner; readonly modelInfo: ModelInfo };

/** `<name>__<owner>-<10 hex>`: the same name for the same specification, so that moving over reloads nothing. */
export function concreteName(name: string, owner: Owner, spec: PredictorSpec): string {
  const parameters = spec.storage?.parameters;
  const storage = parameters === undefined ? spec.storage : { ...spec.storage, parameters: sortKeys(parameters) };
  const ordered = {
    serviceAccountName: spec.serviceAccountName,
    modelType: { name: spec.modelType.name, version: spec.modelType.version },
    path: spec.path,
    schemaPath: spec.schemaPath,
    storage: storage && {
      path: storage.path,
      schemaPath: storage.schemaPath,
      parameters: storage.parameters,
      key: storage.key,
      persistentVolumeClaim: storage.persistentVolumeClaim,
      s3: storage.s3,
    },
    gpu: spec.gpu,
    runtime: spec.runtime,
    protocolVersion: spec.protocolVersion,
  };
  const hash = createHash('sha1').update(goJson(ordered)).digest('hex').slice(0, 10);
  return `${name}__${owner}-${hash}`;
}

/** The label that a runtime must carry to serve the model: a named runtime alone, else format, version and protocol. */
export function predictorLabel(spec: PredictorSpec): string {
  if (spec.runtime !== undefined && spec.runtime.name !== '') return `rt:${spec.runtime.name}`;
  const { name, version } = spec.modelType;
  const format = version === undefined ? `mt:${name}` : `mt:${name}:${version}`;
  return spec.protocolVersion === undefined ? format : `${format}|pv:${spec.protocolVersion}`;
}

export function toModelInfo(spec: PredictorSpec): ModelInfo {
  return { type: predictorLabel(spec), path: modelPath(spec), key: modelKey(spec) };
}

/** Without storage the old `spec.path` and `spec.schemaPath` are ignored: it is unknown where they would lead. */
function modelPath(spec: PredictorSpec): string {
  return spec.storage === undefined ? '' : (spec.storage.path ?? spec.path);
}

/** The JSON that the puller reads, as the original writes it. */
function modelKey(spec: PredictorSpec): string {
  const { storage } = spec;
  const bucket = storage?.s3?.bucket;
  const parameters = storage?.parameters ?? (bucket === undefined ? undefined : { bucket });
  const given = parameters !== undefined && Object.keys(parameters).length > 0;
  return goJson({
    storage_key: storage?.key ?? storage?.s3?.secretKey,
    storage_params: given ? sortKeys(parameters) : undefined,
    model_type: { name: spec.modelType.name, version: spec.modelType.version },
    schema_path: storage && (storage.schemaPath ?? spec.schemaPath),
  });
}
