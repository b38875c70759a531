import type { MeshConfig } from '../config/mesh-config.ts';
import { supports } from '../objects/runtime-labels.ts';
import type { NamedRuntime } from '../snapshot/snapshot.ts';

/** What a model requests of a runtime. */
export type Asked = {
  /** The label of its type, which alone decides. */
  readonly label: string;
  readonly format: string;
  readonly version: string | undefined;
};

/**
 * Why a runtime does not serve a model, in one phrase; undefined when it does. What keeps it from serving any model comes first, then
 * the first thing that the model would have to change.
 */
export function whyNot(
  runtime: NamedRuntime,
  asked: Asked,
  { restProxy }: MeshConfig,
  isHidden: boolean,
): string | undefined {
  const { multiModel, disabled, labels, protocols } = runtime;
  if (isHidden) return 'a ServingRuntime of the same name takes its place in this namespace';
  if (!multiModel) return 'not a multi-model runtime: spec.multiModel is not true';
  if (disabled) return 'disabled: spec.disabled is true';
  const spoken = restProxy.enabled && protocols.includes('grpc-v2') ? [...protocols, 'v2'] : protocols;
  const isServed = supports([...labels, ...spoken.map((protocol) => `pv:${protocol}`)], asked.label);
  return isServed ? undefined : mismatch(runtime, asked, spoken);
}

/** Near enough that its reason is worth a place in a status: the format is right, or the name. */
export function isNear({ name, formats }: NamedRuntime, { label, format }: Asked): boolean {
  return label.startsWith('rt:') ? label === `rt:${name}` : formats.some((each) => each.name === format);
}

function mismatch({ formats }: NamedRuntime, asked: Asked, spoken: readonly string[]): string {
  if (asked.label.startsWith('rt:')) return `the model requests runtime ${asked.label.slice('rt:'.length)} by name`;
  const named = formats.filter(({ name }) => name === asked.format);
  if (named.length === 0)
    return `supports ${wordList(formats.map(({ name }) => name)) || 'no format'}, but ${asked.format} was requested`;
  const chosen = named.filter(({ autoSelect }) => autoSelect === true);
  const ofVersion = (list: typeof named) => list.some(({ version }) => version === asked.version);
  if (asked.version !== undefined && !ofVersion(named)) {
    const versions = wordList(named.map(({ version }) => version ?? 'without a version'));
    return `supports ${asked.format} ${versions}, but version ${asked.version} was requested`;
  }
  if (chosen.length === 0 || (asked.version !== undefined && !ofVersion(chosen)))
    return `${asked.format} is not marked autoSelect, so only models that name this runtime are served`;
  return `supports protocol ${wordList(spoken) || '(none is listed)'}, but ${protocolOf(asked)} was requested`;
}

function protocolOf({ label }: Asked): string {
  return label.split('|pv:')[1] ?? 'the requested one';
}

export function wordList(words: readonly string[]): string {
  return [...new Set(words)].join(', ');
}
