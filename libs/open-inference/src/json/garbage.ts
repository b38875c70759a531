import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

const COLLECT_AT = 1024 * 1024;

let collect: Collect | undefined;
let bytes = 0;

/**
 * To be told of pieces of a body that nobody needs any more. The engine counts the few objects that they are, and not the memory outside
 * of its heap that hangs on
 * them: left alone, it would come to them when they are several times a large body. A look at its youngest objects takes about a millisecond.
 */
export function noteGarbage(length: number): void {
  bytes += length;
  if (bytes < COLLECT_AT) return;
  bytes = 0;
  collect ??= exposeCollector();
  collect({ type: 'minor' });
}

function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
