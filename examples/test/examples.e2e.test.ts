import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { BUCKET, startSandbox, waitFor, type Sandbox } from '@meshkeeper/sandbox';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'examples-'));
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({
    folder,
    root: ROOT,
    sample: false,
    serving: { kind: 'real', mlserver: false },
  });
  const linear = join(folder, 'object-store', BUCKET, 'linear');
  mkdirSync(linear, { recursive: true });
  writeFileSync(join(linear, 'price.json'), '{"weights": [2, 3], "bias": 1}');
});

afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Rest = { readonly status: number; readonly body: unknown };

/** Asks by REST at any pod of the runtime: two rows of two values. */
async function infer(runtime: string, name: string, datatype = 'FP32'): Promise<Rest> {
  const selector = `--selector=name=modelmesh-serving-${runtime}`;
  const ip = await sandbox.kubectl(['get', 'pods', selector, '--output=jsonpath={.items[0].status.podIP}']);
  const url = `http://${ip.replace(/^10\./, '127.')}:8008/v2/models/${name}/infer`;
  const body = JSON.stringify({ inputs: [{ name: 'x', shape: [2, 2], datatype, data: [1, 1, 10, 0] }] });
  const answer = await request(url, { method: 'POST', body });
  return { status: answer.statusCode, body: await answer.body.json() };
}

async function untilReady(name: string): Promise<void> {
  const ready = async (): Promise<boolean> => {
    const path = '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}';
    return (await sandbox.kubectl(['get', 'isvc', name, path])) === 'True';
  };
  await waitFor(ready, { timeoutMs: 60_000, what: `${name} to be ready` });
}

for (const { folder: example, runtime, model } of [
  { folder: 'direct-storage', runtime: 'direct-storage', model: 'price-direct' },
  { folder: 'control-adapter', runtime: 'control-adapter', model: 'price-control' },
  { folder: 'data-adapter', runtime: 'data-adapter', model: 'price-data' },
]) {
  test(`${example}: a model is loaded and answers by REST`, async () => {
    for (const file of ['runtime.yaml', 'model.yaml'])
      await sandbox.kubectl(['apply', '--filename', join(ROOT, 'examples', example, file)]);
    await untilReady(model);
    const { status, body } = await infer(runtime, model);
    const { outputs } = body as { readonly outputs: readonly unknown[] };
    assert.deepEqual(
      { status, outputs },
      { status: 200, outputs: [{ name: 'y', datatype: 'FP32', shape: [2], data: [6, 21] }] },
    );
  });

  test(`${example}: what the server refuses reaches the user in its words`, async () => {
    const { status, body } = await infer(runtime, model, 'INT64');
    const { message } = body as { readonly message: string };
    assert.equal(status, 400);
    assert.ok(message.endsWith(": INVALID_ARGUMENT: input 'x' has datatype 'INT64', model expects 'FP32'"), message);
  });
}
