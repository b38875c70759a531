import { z } from 'zod';
import type { ReducedObject } from '../objects/reduce.ts';
import { concreteName, toModelInfo, type PredictorSpec, type Registration } from './predictor-spec.ts';

const text = z.string();
const optional = text.nullish().transform((value) => value ?? undefined);

const storageSchema = z.object({
  path: optional,
  schemaPath: optional,
  parameters: z.record(text, text).nullish(),
  key: optional,
  persistentVolumeClaim: z.object({ claimName: text.default(''), readOnly: z.boolean().nullish() }).nullish(),
  s3: z.object({ secretKey: text.default(''), bucket: optional }).nullish(),
});

const predictorSchema = z.object({
  serviceAccountName: optional,
  modelType: z.object({ name: text, version: optional }),
  path: text.nullish(),
  schemaPath: optional,
  storage: storageSchema.nullish(),
  gpu: optional,
  runtime: z.object({ name: text.default('') }).nullish(),
  protocolVersion: optional,
});

/** What an object says about its model. `invalid` messages are the original's own; the registration is left as it is. */
export type Wanted =
  | { readonly kind: 'ignored' }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'model'; readonly registration: Registration };

/** A Predictor as a registration. Never throws. */
export function wantedOfPredictor(body: ReducedObject): Wanted {
  const parsed = predictorSchema.safeParse(body.spec);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'invalid', message: `spec.${issue?.path.join('.')}: ${issue?.message}` };
  }
  const invalid = findConflict(parsed.data);
  if (invalid !== undefined) return { kind: 'invalid', message: invalid };
  const spec = toSpec(parsed.data);
  const targetModelId = concreteName(body.metadata.name, 'ksp', spec);
  return { kind: 'model', registration: { targetModelId, owner: 'ksp', modelInfo: toModelInfo(spec) } };
}

type Parsed = z.output<typeof predictorSchema>;

function findConflict({ path, schemaPath, storage }: Parsed): string | undefined {
  if (!storage) return undefined;
  if (path && storage.path !== undefined) return 'Only one of spec.path and spec.storage.path can be specified';
  if (schemaPath !== undefined && storage.schemaPath !== undefined) {
    return 'Only one of spec.schemaPath and spec.storage.schemaPath can be specified';
  }
  if (storage.persistentVolumeClaim) return 'spec.storage.PersistentVolumeClaim is not supported';
  if (
    storage.s3 &&
    (storage.path !== undefined || storage.schemaPath !== undefined || storage.parameters || storage.key !== undefined)
  ) {
    return 'spec.storage.s3 cannot be specified with any other keys in spec.storage';
  }
  return undefined;
}

function toSpec(parsed: Parsed): PredictorSpec {
  const { storage, runtime } = parsed;
  return {
    ...parsed,
    path: parsed.path ?? '',
    storage: storage ? toStorage(storage) : undefined,
    runtime: runtime ? { name: runtime.name } : undefined,
  };
}

function toStorage(storage: z.output<typeof storageSchema>): PredictorSpec['storage'] {
  const { persistentVolumeClaim: claim, s3 } = storage;
  return {
    ...storage,
    parameters: storage.parameters ?? undefined,
    persistentVolumeClaim: claim
      ? { claimName: claim.claimName, readOnly: claim.readOnly === true ? true : undefined }
      : undefined,
    s3: s3 ? { secretKey: s3.secretKey, bucket: s3.bucket } : undefined,
  };
}
