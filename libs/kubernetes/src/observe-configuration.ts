import { parseConfig, type Change, type JsonObject, type ParsedConfig, type SourceFeed } from '@meshkeeper/domain';

/** Calls `tell` with what each version of the configuration says, as it is seen; with undefined when its ConfigMap is gone. */
export function observeConfiguration(feed: SourceFeed, tell: (parsed: ParsedConfig | undefined) => void): SourceFeed {
  async function* told<Batch extends { readonly changes: readonly Change[] }>(batches: AsyncIterable<Batch>) {
    for await (const batch of batches) {
      for (const change of batch.changes) tell(change.op === 'put' ? parsed(change.body) : undefined);
      yield batch;
    }
  }
  return {
    ...feed,
    list: (signal) => told(feed.list(signal)),
    watch: (from, signal) => told(feed.watch(from, signal)),
  };
}

function parsed(body: string): ParsedConfig {
  const { data } = JSON.parse(body) as { readonly data?: { readonly config?: JsonObject } };
  return parseConfig(data?.config ?? {});
}
