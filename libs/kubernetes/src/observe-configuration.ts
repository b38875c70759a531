import { parseConfig, type Change, type JsonObject, type ParsedConfig, type SourceFeed } from '@meshkeeper/domain';

/** Calls `report` with each version of the configuration as it is seen; with undefined when its ConfigMap is deleted. */
export function observeConfiguration(feed: SourceFeed, report: (parsed: ParsedConfig | undefined) => void): SourceFeed {
  async function* observed<Batch extends { readonly changes: readonly Change[] }>(batches: AsyncIterable<Batch>) {
    for await (const batch of batches) {
      for (const change of batch.changes) report(change.op === 'put' ? parsed(change.body) : undefined);
      yield batch;
    }
  }
  return {
    ...feed,
    list: (signal) => observed(feed.list(signal)),
    watch: (from, signal) => observed(feed.watch(from, signal)),
  };
}

function parsed(body: string): ParsedConfig {
  const { data } = JSON.parse(body) as { readonly data?: { readonly config?: JsonObject } };
  return parseConfig(data?.config ?? {});
}
