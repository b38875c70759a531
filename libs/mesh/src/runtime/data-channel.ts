import { type Channel, openChannel } from '@meshkeeper/grpc';

const CONNECT_MS = 2_000;

/** Where inference goes: `host:port` or `unix:///path`. */
export function openDataChannel(address: string, maxMessageBytes: number): Channel {
  const options = { maxMessageBytes, connectTimeoutMs: CONNECT_MS };
  if (address.startsWith('unix://')) return openChannel({ path: address.slice('unix://'.length) }, options);
  const colon = address.lastIndexOf(':');
  return openChannel({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }, options);
}
