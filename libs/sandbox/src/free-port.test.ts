import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestEnd } from '@meshkeeper/testing';
import { freePort, portIsFree, releasePort, reservePort } from './free-port.ts';

const run = promisify(execFile);

/** Whether another process gets the port. */
async function otherGets(port: number): Promise<boolean> {
  const file = JSON.stringify(join(import.meta.dirname, 'free-port.ts'));
  const script = `const { reservePort } = await import(${file}); console.log(await reservePort(${port}));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  return JSON.parse(stdout) as boolean;
}

test('a free port is reserved: no other process gets it until it is released', async () => {
  const port = await freePort();
  assert.deepEqual([await portIsFree(port), await reservePort(port), await otherGets(port)], [true, false, false]);
  releasePort(port);
  assert.equal(await otherGets(port), true);
  assert.equal(await reservePort(port), true); // the other process has ended
  releasePort(port);
});

test('callers at the same time get different ports', async () => {
  const ports = await Promise.all(Array.from({ length: 100 }, freePort));
  ports.forEach(releasePort);
  assert.equal(new Set(ports).size, 100);
});

test('a port on which something listens is not given, and not kept reserved', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestEnd(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  assert.equal(await reservePort(port), false);
  server.close();
  await once(server, 'close');
  assert.equal(await reservePort(port), true);
  releasePort(port);
});
