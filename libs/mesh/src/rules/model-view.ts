import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { ModelView } from '@meshkeeper/placement';
import { currentFailures, isLoadedOn } from './model-record.ts';

/** `isLive`: copies of instances that are gone count for nothing. */
export function modelView(id: string, record: ModelRecord, units: number, isLive: (iid: string) => boolean): ModelView {
  return {
    id,
    type: record.type,
    units,
    lastUsed: Number(record.lu),
    copies: Object.entries(record.instanceIds)
      .filter(([iid]) => isLive(iid))
      .map(([instance, since]) => ({
        instance,
        since,
        loadedAt: isLoadedOn(record, instance) ? record.loadedIn[instance] : undefined,
      })),
    failures: currentFailures(record).map((instance) => ({ instance, at: record.failedIn[instance] ?? 0 })),
  };
}
