import { z } from 'zod';
import { asObject, type Json, type JsonObject } from './reduce.ts';

const port = z.number().int().min(1).max(65_535);
const resources = z.object({ cpu: z.string(), memory: z.string() });
const image = z.object({ name: z.string().min(1), tag: z.string().default(''), digest: z.string().default('') });

/** The configuration of `model-serving-config`, with the defaults of the original (rendering.md §2). Keys match in any case. */
export const meshConfigSchema = z.object({
  inferenceServiceName: z.string().min(1).default('modelmesh-serving'),
  inferenceServicePort: port.default(8033),
  headlessService: z.boolean().default(true),
  podsPerRuntime: z.number().int().min(0).max(65_535).default(2),
  grpcMaxMessageSizeBytes: z.number().int().default(16_777_216),
  serviceAccountName: z.string().default(''),
  modelMeshImage: image.default({ name: 'kserve/modelmesh', tag: 'latest', digest: '' }),
  modelMeshResources: z
    .object({
      requests: resources.default({ cpu: '300m', memory: '448Mi' }),
      limits: resources.default({ cpu: '3', memory: '448Mi' }),
    })
    .default({ requests: { cpu: '300m', memory: '448Mi' }, limits: { cpu: '3', memory: '448Mi' } }),
  restProxy: z
    .object({ enabled: z.boolean().default(true), port: port.default(8008) })
    .default({ enabled: true, port: 8008 }),
  metrics: z
    .object({
      enabled: z.boolean().default(true),
      port: port.default(2112),
      scheme: z.enum(['http', 'https']).default('https'),
    })
    .default({ enabled: true, port: 2112, scheme: 'https' }),
});

export type MeshConfig = z.output<typeof meshConfigSchema>;
export const DEFAULT_CONFIG: MeshConfig = meshConfigSchema.parse({});

export type ParsedConfig =
  | { readonly kind: 'ok'; readonly config: MeshConfig }
  /** Each problem names the path of one field: `metrics.port: …`. */
  | { readonly kind: 'bad'; readonly problems: readonly string[] };

/** Parses the decoded `config.yaml`. Never throws. */
export function parseConfig(decoded: JsonObject): ParsedConfig {
  const problem = decoded['decodingProblem'];
  if (typeof problem === 'string') return { kind: 'bad', problems: [problem] };
  const result = meshConfigSchema.safeParse(matchCase(decoded, meshConfigSchema.shape));
  if (result.success) return { kind: 'ok', config: result.data };
  return { kind: 'bad', problems: result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
}

/** Gives known keys their own spelling, however they were written, and takes `null` as not given. */
function matchCase(value: JsonObject, shape: Readonly<Record<string, unknown>>): JsonObject {
  const matched: Record<string, Json> = {};
  for (const [name, given] of Object.entries(value)) {
    const known = Object.keys(shape).find((key) => key.toLowerCase() === name.toLowerCase());
    if (known === undefined || given === null) continue;
    const nested = nestedShape(shape[known]);
    matched[known] = nested === undefined || typeof given !== 'object' ? given : matchCase(asObject(given), nested);
  }
  return matched;
}

function nestedShape(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  const inner = schema instanceof z.ZodDefault ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}
