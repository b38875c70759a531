import { CallError, type SourceState, type ViewedObject, type ViewReader } from '@meshkeeper/domain';
import type { Redis } from 'ioredis';
import { readBusyKeys } from './busy-keys.ts';
import type { EventLogOptions } from './recorder.ts';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/** Small, so that a caller that checks each object can do other work between pages. */
const PAGE = 100;

export function createViewReader(options: Pick<EventLogOptions, 'redis' | 'prefix' | 'form' | 'now'>): ViewReader {
  const { redis, prefix, form, now = Date.now } = options;
  return {
    states: (sources) => readSourceStates(redis, prefix, form, sources),
    objects: (source) => readView(redis, prefix, source),
    busyKeys: (keys, graceMs) => readBusyKeys(redis, prefix, keys, { now: now(), graceMs }),
  };
}

/**
 * Everything that the view holds of one source, page by page, each object once. A concurrent change may be seen or not, so only
 * who can bear that should look at more than one object. @throws CallError `Transient`
 */
export async function* readView(redis: Redis, prefix: string, source: string): AsyncGenerator<ViewedObject> {
  // A scan returns a field twice when Redis resizes the hash during the scan.
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const [next, fields] = await redis
      .hscan(redisKeys(prefix).view(source), cursor, 'COUNT', PAGE)
      .catch((error: unknown) => {
        throw redisError(error);
      });
    cursor = next;
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const object = fields[i] ?? '';
      if (!seen.has(object)) yield parseViewed(source, object, fields[i + 1] ?? '');
      seen.add(object);
    }
  } while (cursor !== '0');
}

/** An object of the view as it is stored: `namespace/name`, then `revision body`. */
export function parseViewed(source: string, object: string, stored: string): ViewedObject {
  const slash = object.indexOf('/');
  const space = stored.indexOf(' ');
  return {
    source,
    namespace: object.slice(0, slash),
    name: object.slice(slash + 1),
    revision: stored.slice(0, space),
    body: JSON.parse(stored.slice(space + 1)),
  };
}

async function readSourceStates(
  redis: Redis,
  prefix: string,
  form: number,
  sources: readonly string[],
): Promise<Readonly<Record<string, SourceState>>> {
  const states: Record<string, SourceState> = {};
  for (const source of sources) {
    const stored = await redis
      .hmget(redisKeys(prefix).source(source), 'epoch', 'cursor', 'complete', 'form')
      .catch((error: unknown) => {
        throw redisError(error);
      });
    const [epoch, cursor, complete, kept] = stored;
    if (kept !== null && kept !== undefined && kept !== String(form)) throw otherForm();
    states[source] = { epoch: epoch ?? '', cursor: cursor ?? '', complete: complete === '1' };
  }
  return states;
}

export function otherForm(): CallError {
  return new CallError('Transient', 'The view is kept in another form: a different version of Meshkeeper is at work', {
    code: 'OtherForm',
  });
}
