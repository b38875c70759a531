import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { startFakeMesh, type FakeMesh } from './fake-mesh.ts';
import { startProxy } from './rest-proxy-fixture.ts';

const BODY_BYTES = 16 * 1024 * 1024;

let mesh: FakeMesh;

beforeAll(async () => {
  mesh = await startFakeMesh();
});

afterAll(() => mesh.stop());

/** In units of the body: the pieces that came and are not collected yet, and the message. Numbers take about one and a half, strings two. */
const MOST = 3;

type Kind = { readonly datatype: string; readonly element: (index: number) => string };

const KINDS: readonly Kind[] = [
  { datatype: 'FP32', element: (index) => `0.${String(index * 7919 + 10_000_000).slice(0, 8)}` },
  { datatype: 'FP64', element: (index) => String(Math.sin(index + 0.5)) },
  { datatype: 'INT64', element: (index) => String(index % 256) },
  { datatype: 'BYTES', element: (index) => `"some text with the number ${index}"` },
];

/** `data` first: the datatype comes last, which takes the most. */
function bodyOf({ datatype, element }: Kind, dataFirst: boolean): Buffer {
  const elements: string[] = [];
  for (let bytes = 0; bytes < BODY_BYTES; bytes += (elements.at(-1)?.length ?? 0) + 1)
    elements.push(element(elements.length));
  const head = `"name":"x","datatype":"${datatype}","shape":[${elements.length}]`;
  const data = `"data":[${elements.join(',')}]`;
  return Buffer.from(`{"inputs":[{${dataFirst ? `${data},${head}` : `${head},${data}`}}]}`);
}

function post(url: string, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/v2/models/sink/infer`, { method: 'POST', agent: false }, (reply) => {
      reply.resume();
      resolve(reply.statusCode ?? 0);
    });
    request.on('error', reject).end(body);
  });
}

/** Bytes: what the process has in memory now, and the most that it ever had. */
function memory(pid: number): { readonly now: number; readonly peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

/** Skipped elsewhere, since only Linux reports the peak memory of another process (`VmHWM` in /proc). */
const testOnLinux = process.platform === 'linux' ? test : test.skip;

for (const kind of KINDS) {
  for (const dataFirst of [false, true]) {
    const order = dataFirst ? 'before' : 'after';
    testOnLinux(
      `a body of 16 MiB of ${kind.datatype} takes no more than ${MOST} times its size, its data ${order} its datatype`,
      async () => {
        const proxy = await startProxy(mesh.port);
        const body = bodyOf(kind, dataFirst);
        // What is compiled and allocated once is no cost of a body.
        assert.equal(
          await post(proxy.url, Buffer.from('{"inputs":[{"datatype":"FP32","shape":[1],"data":[1.5]}]}')),
          200,
        );
        const idle = memory(proxy.process.pid).now;
        assert.equal(await post(proxy.url, body), 200);
        const times = (memory(proxy.process.pid).peak - idle) / body.length;
        await proxy.stop();
        assert.ok(times < MOST, `${times.toFixed(2)} times`);
      },
    );
  }
}
