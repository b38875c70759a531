import { randomUUID } from 'node:crypto';
import { KINDS, type EventSink } from '@meshkeeper/domain';
import type { KubeTransport } from './transport.ts';

/** The API keeps notes of at most 1,024 bytes. */
const NOTE_LENGTH = 1_000;

/** Events in `events.k8s.io/v1`; `instance` names the process that sends them. */
export function createEventSink(
  transport: KubeTransport,
  instance: string,
  now: () => Date = () => new Date(),
): EventSink {
  return {
    async send(about, type, reason, message): Promise<void> {
      const { apiVersion, kind } = KINDS[about.kind];
      const { name, namespace = 'default', uid, resourceVersion } = about.object;
      await transport.call({
        method: 'POST',
        path: `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
        body: {
          apiVersion: 'events.k8s.io/v1',
          kind: 'Event',
          metadata: { name: `${name}.${randomUUID().slice(0, 13)}`, namespace },
          // MicroTime wants six fractional digits.
          eventTime: now().toISOString().replace('Z', '000Z'),
          reportingController: 'meshkeeper.dev/reconciler',
          reportingInstance: instance,
          action: 'Reconcile',
          type,
          reason,
          note: message.slice(0, NOTE_LENGTH),
          regarding: { apiVersion, kind, name, namespace, uid, resourceVersion },
        },
      });
    },
  };
}
