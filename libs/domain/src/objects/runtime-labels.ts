import { z } from 'zod';
import type { JsonObject } from './reduce.ts';

const runtimeSchema = z.object({
  supportedModelFormats: z
    .array(z.object({ name: z.string(), version: z.string().nullish(), autoSelect: z.boolean().nullish() }))
    .nullish()
    .catch([]),
  protocolVersions: z.array(z.string()).nullish().catch([]),
});

/**
 * The labels that a runtime's pods carry in the mesh, sorted by bytes: `mt:` for each format that may be chosen by itself, `pv:` for
 * each protocol, `rt:` for the runtime. The REST proxy speaks v2 for a runtime that speaks grpc-v2.
 */
export function runtimeLabels(name: string, spec: JsonObject, restProxy: boolean): string[] {
  const { supportedModelFormats, protocolVersions } = runtimeSchema.parse(spec);
  const labels = new Set<string>([`rt:${name}`]);
  for (const format of supportedModelFormats ?? []) {
    if (format.autoSelect !== true) continue;
    labels.add(`mt:${format.name}`);
    if (format.version) labels.add(`mt:${format.name}:${format.version}`);
  }
  for (const protocol of protocolVersions ?? []) labels.add(`pv:${protocol}`);
  if (restProxy && labels.has('pv:grpc-v2')) labels.add('pv:v2');
  return [...labels].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** What a runtime says that it serves, with what it serves only where it is named. Tolerant of any specification. */
export function servedFormats(spec: JsonObject): {
  readonly formats: readonly ServedFormat[];
  readonly protocols: readonly string[];
} {
  const { supportedModelFormats, protocolVersions } = runtimeSchema.parse(spec);
  const formats = (supportedModelFormats ?? []).map(({ name, version, autoSelect }) => ({
    name,
    ...(version ? { version } : {}),
    ...(autoSelect === true ? { autoSelect } : {}),
  }));
  return { formats, protocols: protocolVersions ?? [] };
}

export type ServedFormat = { readonly name: string; readonly version?: string; readonly autoSelect?: true };

/** Whether pods with these labels can hold a model of this type: they carry every part of it. */
export function supports(labels: readonly string[], modelType: string): boolean {
  return modelType.split('|').every((part) => labels.includes(part));
}

/** Every model type that pods with these labels can hold, the REST proxy's protocol included. */
export function supportedTypes(labels: readonly string[]): readonly string[] {
  const all = labels.includes('pv:grpc-v2') ? [...new Set([...labels, 'pv:v2'])] : labels;
  const protocols = all.filter((label) => label.startsWith('pv:'));
  return all
    .filter((label) => !label.startsWith('pv:'))
    .flatMap((label) =>
      label.startsWith('mt:') ? [label, ...protocols.map((protocol) => `${label}|${protocol}`)] : [label],
    );
}
