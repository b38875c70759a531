import type { Json, JsonObject } from '../objects/reduce.ts';
import { DEFAULT_CONFIG, type MeshConfig } from '../config/mesh-config.ts';
import { parseConfig } from '../config/parse-config.ts';

export function configOf(decoded: JsonObject): MeshConfig {
  const parsed = parseConfig(decoded);
  if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed));
  return parsed.config;
}

/** What differs from the defaults, at the top. */
export function changed(decoded: JsonObject): JsonObject {
  const defaults = DEFAULT_CONFIG as unknown as JsonObject;
  const entries = Object.entries(configOf(decoded) as unknown as JsonObject);
  return Object.fromEntries(
    entries.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name])),
  );
}

export function problemsOf(decoded: JsonObject): readonly string[] {
  const parsed = parseConfig(decoded);
  return parsed.kind === 'bad' ? parsed.problems : [];
}

export function warningsOf(decoded: JsonObject): readonly string[] {
  const parsed = parseConfig(decoded);
  return parsed.kind === 'ok' ? parsed.warnings : ['bad'];
}

/** Each value of one key with what it becomes, or the problem that it is. */
export function readings(key: string, values: readonly Json[]): readonly unknown[] {
  return values.map((value) => {
    const parsed = parseConfig({ [key]: value });
    return parsed.kind === 'ok' ? parsed.config[key as keyof MeshConfig] : parsed.problems[0];
  });
}
