import { isReserved, type HeaderList } from './headers.ts';
import { RpcError } from './status.ts';

const NAME = /^[a-z0-9_.-]+$/;
/** One byte per character: node cuts what is above, and a NUL would begin another header. */
// oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
const UNFIT = /[^\x20-\x7e\x80-\xff]/;

/** @throws RpcError INTERNAL when these cannot be sent as custom metadata */
export function assertSendable(metadata: HeaderList): HeaderList {
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (!NAME.test(name) || isReserved(name)) throw new RpcError('INTERNAL', `Not a name of custom metadata: ${name}`);
    if (UNFIT.test(metadata[i + 1] ?? '')) throw new RpcError('INTERNAL', `The value of ${name} is not ASCII`);
  }
  return metadata;
}
