import {
  CallError,
  KINDS,
  watchedKinds,
  type Change,
  type Kind,
  type KindName,
  type KubeReader,
  type LiveReader,
} from '@meshkeeper/domain';
import {
  createKubeFeed,
  createLiveReader,
  createWriter,
  findForeignController,
  kubeAccess,
  KubeTransport,
  type KubeConfigOptions,
  type WatchContext,
} from '@meshkeeper/kubernetes';
import type { Report } from './problems.ts';

/** A live cluster, to look at only. */
export type Cluster = {
  readonly reader: KubeReader;
  readonly live: LiveReader;
  readonly transport: KubeTransport;
  stop(): Promise<void>;
};

/** What each kind holds; one that the server does not know is missing. */
export type Listed = ReadonlyMap<KindName, readonly Change[]>;

/** @throws CallError when there is no such kubeconfig or context. */
export function openCluster(options: KubeConfigOptions): Cluster {
  const transport = new KubeTransport({ access: kubeAccess(options), userAgent: 'meshkeeper-cli' });
  return {
    reader: createWriter(transport),
    live: createLiveReader(transport),
    transport,
    stop: () => transport.stop(),
  };
}

/** Lists what kube-watcher watches, by the same feeds. @throws CallError for a kind that must be known and cannot be listed. */
export async function listCluster({ transport }: Cluster, context: WatchContext, report: Report): Promise<Listed> {
  const kinds = watchedKinds(context.namespaceScope === true);
  const lists = await Promise.all(
    kinds.map(async (kind) => [kind, await listKind(transport, kind, context, report)] as const),
  );
  return new Map(lists.flatMap(([kind, changes]) => (changes === undefined ? [] : [[kind, changes] as const])));
}

async function listKind(
  transport: KubeTransport,
  kind: KindName,
  context: WatchContext,
  report: Report,
): Promise<readonly Change[] | undefined> {
  const { optional, kind: word }: Kind = KINDS[kind];
  try {
    const pages = await Array.fromAsync(createKubeFeed({ transport, kind, context }).list(NEVER));
    return pages.flatMap(({ changes }) => changes);
  } catch (error) {
    const isUnknown = error instanceof CallError && error.kind === 'Gone' && error.code !== 'Expired';
    if (optional !== true || !isUnknown) throw error;
    report('note', `the cluster has no kind ${word}: nothing is planned that depends on it`);
    return undefined;
  }
}

const NEVER = new AbortController().signal;

/** While the original controller runs, Meshkeeper does not start. Who may not see that can still see the rest. */
export async function noteForeignController(
  cluster: Cluster,
  ownNamespace: string,
  now: number,
  report: Report,
): Promise<void> {
  try {
    const found = await findForeignController(cluster.transport, ownNamespace, now);
    if (found !== undefined) report('note', found);
  } catch (error) {
    if (!(error instanceof CallError) || error.kind !== 'Terminal') throw error;
    report('note', `whether the original controller runs is not known: ${error.message}`);
  }
}
