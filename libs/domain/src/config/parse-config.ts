import type { Json, JsonObject } from '../objects/reduce.ts';
import type { MeshConfig } from './mesh-config.ts';
import { pathText } from './path-text.ts';
import { meshConfigSchema } from './schema.ts';
import { canonicalizeKeys, isMap, type Warn } from './canonicalize-keys.ts';

export type ParsedConfig =
  /** Each warning names a key that has no effect, or another one than it seems. */
  | { readonly kind: 'ok'; readonly config: MeshConfig; readonly warnings: readonly string[] }
  /** Each problem names the path of one field: `metrics.port: …`. */
  | { readonly kind: 'bad'; readonly problems: readonly string[] };

/** Maps are nested no deeper than this, which keeps a wrong value's depth out of the recursion. */
const DEEPEST_GROUP = 3;

/** Parses the decoded `config.yaml`. Never throws. */
export function parseConfig(decoded: JsonObject): ParsedConfig {
  const problem = decoded['decodingProblem'];
  if (typeof problem === 'string') return { kind: 'bad', problems: [problem] };
  const warnings: string[] = [];
  const result = meshConfigSchema.safeParse(spellAll(decoded, (warning) => warnings.push(warning)));
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${pathText(issue.path)}: ${issue.message}`);
    return { kind: 'bad', problems };
  }
  if (result.data.etcdSecretName !== '')
    warnings.push('etcdSecretName: deprecated; name the Secret by ETCD_SECRET_NAME in the environment');
  return { kind: 'ok', config: result.data, warnings };
}

/** `a::b: 1` at the top means `a: {b: 1}`, and goes before what `a` itself says. */
function spellAll(decoded: JsonObject, warn: Warn): Json {
  const entries = Object.entries(decoded);
  const plain = Object.fromEntries(entries.filter(([name]) => !name.includes('::')));
  const paths = entries.filter(([name]) => name.includes('::'));
  const nested = paths.map(([name, value]) => name.split('::').reduceRight<Json>(nest, value));
  const canonical = [plain, ...nested].map((part) => canonicalizeKeys(part, meshConfigSchema, [], warn));
  return canonical.reduce((below, above) => merge(below, above, DEEPEST_GROUP));
}

function nest(value: Json, name: string): JsonObject {
  return Object.fromEntries([[name, value]]);
}

function merge(below: Json, above: Json, levels: number): Json {
  if (levels === 0 || !isMap(below) || !isMap(above)) return above;
  const merged = Object.entries(above).map(([name, value]) => [
    name,
    Object.hasOwn(below, name) ? merge(below[name], value, levels - 1) : value,
  ]);
  return { ...below, ...Object.fromEntries(merged) };
}
