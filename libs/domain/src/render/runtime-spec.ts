import { z } from 'zod';
import type { JsonObject } from '../objects/reduce.ts';
import { runtimeProblem } from '../validation/runtime-spec.ts';
import { PORTS } from '../config/base-values.ts';

const object = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>;
const list = <T>(item: z.ZodType<T>) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

const runtimeSchema = z.object({
  grpcEndpoint: text,
  grpcDataEndpoint: text,
  replicas: z.number().int().min(0).max(65_535).nullish(),
  containers: list(z.looseObject({ name: z.string(), image: text, volumeMounts: list(object) })),
  volumes: list(object),
  nodeSelector: texts,
  tolerations: list(object),
  affinity: object.nullish(),
  labels: texts,
  annotations: texts,
  imagePullSecrets: list(z.object({ name: z.string() })),
  storageHelper: z.object({ disabled: z.boolean().nullish() }).nullish(),
  builtInAdapter: z
    .object({
      serverType: z.string(),
      runtimeManagementPort: count,
      memBufferBytes: count,
      modelLoadingTimeoutMillis: count,
      env: list(z.looseObject({ name: z.string() })),
    })
    .nullish(),
});

type Parsed = z.output<typeof runtimeSchema>;
export type RuntimeContainer = Parsed['containers'][number];
export type BuiltInAdapter = NonNullable<Parsed['builtInAdapter']>;
/** A multi-model runtime's spec, checked; `grpcEndpoint` is where the adapter, or the model server, is managed. */
export type RuntimeSpec = Parsed & { readonly grpcEndpoint: string; readonly usesPuller: boolean };

export type ReadRuntime =
  | { readonly kind: 'ok'; readonly spec: RuntimeSpec }
  | { readonly kind: 'invalid'; readonly message: string };

/** Checks and types the spec of a multi-model runtime. Never throws. */
export function readRuntimeSpec(spec: JsonObject, builtInServerTypes: readonly string[]): ReadRuntime {
  const problem = runtimeProblem(spec, builtInServerTypes);
  if (problem !== undefined) return { kind: 'invalid', message: problem };
  const parsed = runtimeSchema.safeParse(spec);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'invalid', message: `spec.${issue?.path.join('.')}: ${issue?.message}` };
  }
  const { builtInAdapter, storageHelper } = parsed.data;
  const grpcEndpoint = parsed.data.grpcEndpoint ?? `port:${PORTS.adapter}`;
  const usesPuller = !builtInAdapter && storageHelper?.disabled !== true;
  return { kind: 'ok', spec: { ...parsed.data, grpcEndpoint, usesPuller } };
}
