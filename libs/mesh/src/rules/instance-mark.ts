import { z } from 'zod';
import type { InstanceRecord } from '@meshkeeper/modelmesh';

/** Set on the instance records that we write: such an instance loads what the registry assigns to it, and records when it did. */
const MARK = 'meshkeeper';
const schema = z.object({ peer: z.string() });

/** `peer` is the `host:port` where it takes calls of other instances. */
export function markOf(peer: string): Readonly<Record<string, unknown>> {
  return { [MARK]: { peer } };
}

export function isOurs(record: InstanceRecord): boolean {
  return Object.hasOwn(record.extra, MARK);
}

/** Undefined for an instance that takes none. */
export function peerAddress(record: InstanceRecord): string | undefined {
  return schema.safeParse(record.extra[MARK]).data?.peer;
}
