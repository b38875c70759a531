/** `npm run bench -- <name>`: measures one thing and prints its figures. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@meshkeeper/sandbox';
import { benchMesh } from '../libs/mesh/bench/mesh.ts';
import { benchWire } from '../libs/mesh/bench/wire.ts';
import { benchModels } from '../libs/reconciler/bench/models.ts';
import { benchPlan } from '../libs/reconciler/bench/plan.ts';
import { benchServing } from '../apps/sandbox/bench/serving.ts';
import { benchRecord } from '../libs/event-log/bench/record.ts';
import { benchJson } from '../libs/open-inference/bench/json.ts';

type Say = (line: string) => void;

const BENCHES: Readonly<Record<string, (say: Say) => Promise<void>>> = {
  json: benchJson,
  mesh: benchMesh,
  models: benchModels,
  plan: (say) => withRedis((url) => benchPlan(say, url)),
  record: (say) => withRedis((url) => benchRecord(say, url)),
  serving: benchServing,
  wire: benchWire,
};

async function withRedis(use: (url: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-bench-'));
  try {
    const redis = await startRedis({ folder });
    try {
      await use(redis.url);
    } finally {
      await redis.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const say: Say = (line) => {
  process.stdout.write(`${line}\n`);
};

const name = process.argv[2] ?? '';
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (bench === undefined) {
  say(`Usage: npm run bench -- <name>, where the name is one of: ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 1;
} else {
  await bench(say);
}
