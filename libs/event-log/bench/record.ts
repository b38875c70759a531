import { loadavg } from 'node:os';
import type { Change } from '@meshkeeper/domain';
import { connectRedis, initialiseLog, Recorder } from '../src/index.ts';

const OBJECTS = 20_000;
const CALL = 500;
const IN_FLIGHT = 4;
const SOURCE = 'things';
const BODY_BYTES = 1_024;

/** Records 20,000 objects of 1 KB, each with a key, facts and an index, on an empty Redis; then the same ones again. */
export async function benchRecord(say: (line: string) => void, redisUrl: string): Promise<void> {
  const redis = connectRedis({ url: redisUrl });
  try {
    const recorder = new Recorder({ redis, prefix: '{bench}', queue: 'bench', form: 1, lockDurationMs: 0 });
    await initialiseLog(redis, '{bench}');
    const opened = await recorder.openSource(SOURCE, { identity: 'bench', head: '1' }, { epoch: '', highest: '' });
    if (opened.status !== 'ok') throw new Error(`The source was not opened: ${opened.status}`);
    const list = { id: 'list', pages: 0, revision: '1' };
    await recorder.finishList(SOURCE, opened.epoch, list);

    say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
    const changes = Array.from({ length: OBJECTS }, (_, i) => changeOf(i));
    const fresh = await changesPerSecond(recorder, opened.epoch, changes, OBJECTS);
    const repeated = await changesPerSecond(recorder, opened.epoch, changes, 0);
    say(`new changes:      ${fresh.toFixed(0)}/s`);
    say(`repeated changes: ${repeated.toFixed(0)}/s`);
    say(`ratio:            ${(repeated / fresh).toFixed(1)}`);
  } finally {
    redis.disconnect();
  }
}

/** @throws Error when another number of changes than `expected` was new. */
async function changesPerSecond(
  recorder: Recorder,
  epoch: string,
  changes: readonly Change[],
  expected: number,
): Promise<number> {
  const calls: (readonly Change[])[] = [];
  for (let i = 0; i < changes.length; i += CALL) calls.push(changes.slice(i, i + CALL));
  let recorded = 0;
  const work = async (): Promise<void> => {
    for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
      const answer = await recorder.recordWatch(SOURCE, epoch, '1', '1', call);
      recorded += answer.recorded;
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  const seconds = (performance.now() - start) / 1_000;
  if (recorded !== expected) throw new Error(`${recorded} changes were new instead of ${expected}`);
  return changes.length / seconds;
}

function changeOf(i: number): Change {
  const name = `thing-${i}`;
  return {
    op: 'put',
    namespace: 'models',
    name,
    revision: String(1_000 + i),
    body: JSON.stringify({ name, filling: 'x'.repeat(BODY_BYTES - name.length - 24) }),
    facts: JSON.stringify({ runtime: `runtime-${i % 10}` }),
    keys: [`predictor/models/isvc/${name}`],
    wakes: [],
    indexes: [`predictors:models isvc/${name}`],
  };
}
