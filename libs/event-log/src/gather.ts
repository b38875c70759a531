import type { Gathered, GatherRequest, SourceState, ViewedObject } from '@meshkeeper/domain';
import { otherForm, parseViewed } from './read-view.ts';
import { redisKeys } from './redis-keys.ts';
import { asList, asTexts, RedisScript } from './redis-script.ts';
import type { EventLogOptions } from './recorder.ts';

const script = new RedisScript('gather');

/**
 * One atomic read of all that a plan needs: the key's own objects, its neighbours' facts, the sources' states.
 * @throws CallError `Transient` with code `OtherForm` when a source is kept in another form than this program's.
 */
export async function gather(options: EventLogOptions, request: GatherRequest): Promise<Gathered> {
  const { redis, prefix, form } = options;
  const { key, sources: names, objects: wanted, facts: neighbours, indexes: lists, factIndexes = [] } = request;
  const questions = { sources: names, objects: wanted, facts: neighbours, indexes: lists, factIndexes };
  const [status, objects, sources, facts, indexes] = asList(
    await script.run(redis, [redisKeys(prefix).own(key)], { prefix, form, ...questions }),
  );
  if (status !== 'ok') throw otherForm();
  return {
    objects: toObjects(asTexts(objects)),
    sources: toStates(request.sources, asTexts(sources)),
    facts: asList(facts).map((list) => toFacts(asTexts(list))),
    indexes: asList(indexes).map(asTexts),
  };
}

function toObjects(flat: readonly string[]): ViewedObject[] {
  const objects: ViewedObject[] = [];
  for (let i = 0; i + 2 < flat.length; i += 3) {
    const [source = '', object = '', stored = ''] = flat.slice(i, i + 3);
    objects.push(parseViewed(source, object, stored));
  }
  // A set has no order, and a plan must not depend on one.
  return objects.sort((a, b) => compare(`${a.source} ${a.name}`, `${b.source} ${b.name}`));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function toStates(sources: readonly string[], flat: readonly string[]): Record<string, SourceState> {
  const states: Record<string, SourceState> = {};
  sources.forEach((source, i) => {
    states[source] = { epoch: flat[3 * i] ?? '', cursor: flat[3 * i + 1] ?? '', complete: flat[3 * i + 2] === '1' };
  });
  return states;
}

function toFacts(flat: readonly string[]): Record<string, unknown> {
  const pairs: [string, unknown][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', JSON.parse(flat[i + 1] ?? 'null')]);
  return Object.fromEntries(pairs.sort(([a], [b]) => compare(a, b)));
}
