import { setTimeout } from 'node:timers/promises';
import {
  CallError,
  KINDS,
  toAbsence,
  toChange,
  type Change,
  type Kind,
  type KindName,
  type KubeObject,
  type ServerHead,
  type SourceFeed,
} from '@meshkeeper/domain';
import { apiError, type ApiStatus } from './api-error.ts';
import { inBatches, type WatchItem } from './batches.ts';
import { decoded } from './decoded.ts';
import { collectionPath } from './paths.ts';
import { nameOf, type WatchContext } from './watched-names.ts';
import type { KubeTransport } from './transport.ts';

type List = {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly KubeObject[];
};
type WatchEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
};

export type FeedOptions = {
  readonly transport: KubeTransport;
  readonly kind: KindName;
  readonly context: WatchContext;
  readonly random?: () => number;
};

const PAGE = 500;
const LIST_TIMEOUT_MS = 60_000;
/** The server ends a watch after this time, slightly different for each, so that they do not all reconnect together. */
const WATCH_SECONDS = { least: 300, spread: 300 };
const BATCH = 500;
const LEAST_WATCH_MS = 1_000;

/** One kind of one API server as a source: paged lists, resumable watches with bookmarks. */
export function createKubeFeed(options: FeedOptions): SourceFeed {
  const { source } = KINDS[options.kind];
  return {
    source,
    readHead: (signal) => readHead(options, signal),
    list: (signal) => listPages(options, signal),
    watch: (from, signal) => inBatches(watchChanges(options, from, signal), BATCH, signal),
  };
}

function collection({ kind, context }: FeedOptions): string {
  const found: Kind = KINDS[kind];
  const own = found.ownNamespaceOnly === true || (context.namespaceScope === true && found.namespaced);
  return collectionPath(found, own ? context.ownNamespace : '');
}

async function selectors({ kind, context }: FeedOptions): Promise<Record<string, string>> {
  const { labelSelector, named }: Kind = KINDS[kind];
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(named === undefined ? {} : { fieldSelector: `metadata.name=${await nameOf(named, context)}` }),
  };
}

/**
 * A list of one object without a resourceVersion is served from etcd itself, so its revision is the head. The uid of `kube-system`
 * is the identity of a cluster: a replaced one has another. Who may see one namespace only takes that of an object which is in each.
 * What is watched by a name that changed is another source too.
 */
async function readHead(options: FeedOptions, signal: AbortSignal): Promise<ServerHead> {
  const { transport, kind, context } = options;
  const { fieldSelector } = await selectors(options);
  const query = { limit: '1', ...(fieldSelector === undefined ? {} : { fieldSelector }) };
  const [head, system] = await Promise.all([
    transport.call<List>({ method: 'GET', path: collection(options), query, signal }),
    transport.call<KubeObject>({ method: 'GET', path: identityPath(context), signal }),
  ]);
  const { uid = '' } = system.metadata;
  const identity = kind === 'storageSecrets' ? `${uid} ${fieldSelector}` : uid;
  return { head: head.metadata.resourceVersion, identity };
}

function identityPath({ namespaceScope, ownNamespace }: WatchContext): string {
  return namespaceScope
    ? `/api/v1/namespaces/${ownNamespace}/serviceaccounts/default`
    : '/api/v1/namespaces/kube-system';
}

async function* listPages(
  options: FeedOptions,
  signal: AbortSignal,
): AsyncGenerator<{ revision: string; changes: readonly Change[] }> {
  const { transport, kind, context } = options;
  const selected = await selectors(options);
  let next = '';
  do {
    const query = { ...selected, limit: String(PAGE), ...(next === '' ? {} : { continue: next }) };
    const page = await transport.call<List>({
      method: 'GET',
      path: collection(options),
      query,
      signal,
      timeoutMs: LIST_TIMEOUT_MS,
    });
    next = page.metadata.continue ?? '';
    yield {
      revision: page.metadata.resourceVersion,
      changes: (page.items ?? []).map((item) => toChange(kind, decoded(kind, item), context)),
    };
  } while (next !== '');
}

async function* watchChanges(options: FeedOptions, from: string, signal: AbortSignal): AsyncGenerator<WatchItem> {
  const { transport, kind, context, random = Math.random } = options;
  const selected = await selectors(options);
  for (let revision = from; !signal.aborted;) {
    const timeoutSeconds = String(WATCH_SECONDS.least + Math.floor(random() * WATCH_SECONDS.spread));
    const query = {
      ...selected,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: revision,
      timeoutSeconds,
    };
    const least = setTimeout(LEAST_WATCH_MS, undefined, { signal });
    least.catch(() => undefined);
    for await (const line of transport.stream({ method: 'GET', path: collection(options), query, signal })) {
      const item = toItem(kind, JSON.parse(line) as WatchEvent, context);
      revision = item.to;
      yield item;
    }
    // A server that ends each watch immediately must not be called in a hot loop.
    await least;
    if (kind === 'storageSecrets' && (await selectors(options)).fieldSelector !== selected['fieldSelector'])
      throw new CallError('Transient', 'The storage Secret has another name now', { code: 'NameChanged' });
  }
}

function toItem(kind: KindName, { type, object }: WatchEvent, context: WatchContext): WatchItem {
  const to = object.metadata?.resourceVersion ?? '';
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { to, change: toChange(kind, decoded(kind, object), context) };
    case 'DELETED':
      return { to, change: toAbsence(kind, decoded(kind, object), context) };
    case 'BOOKMARK':
      return { to, change: undefined };
    case 'ERROR':
      throw watchError(kind, object as unknown as ApiStatus);
    default:
      throw new CallError('Transient', `The watch of ${KINDS[kind].plural} sent an unknown event`);
  }
}

/** A revision that is too old comes as an event inside a good answer, not as an HTTP status. */
function watchError(kind: KindName, status: ApiStatus): CallError {
  return apiError(`watch ${KINDS[kind].plural}`, status.code ?? 500, status);
}
