/** Turns the REST form of the open inference protocol into the gRPC one, beside the mesh of a serving pod. It keeps nothing. */
import { setFlagsFromString } from 'node:v8';

/**
 * A pod's memory is for its models. What a body leaves behind is soon looked for: the young generation stays small, and the old one is
 * looked through when
 * it has grown by a fifth.
 */
for (const flag of [
  '--max-semi-space-size=1',
  '--semi-space-growth-factor=1',
  '--heap-growing-percent=20',
  '--memory-saver-mode',
])
  setFlagsFromString(flag);

const { runRestProxy } = await import('@meshkeeper/rest-proxy');
await runRestProxy();
