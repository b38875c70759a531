import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestEnd } from '@meshkeeper/testing';
import { acceptsConnections } from './accepts-connections.ts';
import { freePort } from './free-port.ts';
import { startProcess, type ManagedProcess, type ProcessSpec } from './managed-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'process-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SLEEPS = 'setInterval(() => {}, 1_000)';
const listensOn = (port: number): string => `require('node:net').createServer().listen(${port}, '127.0.0.1')`;

async function start(script: string, more: Partial<ProcessSpec>): Promise<ManagedProcess> {
  const spec = { name: 'It', command: process.execPath, args: ['--eval', script], logFile: join(folder, 'log') };
  const started = await startProcess({ ...spec, readyTimeoutMs: 10_000, ...more });
  onTestEnd(() => started.stop(0));
  return started;
}

test('a server is ready when it listens, itself or a child of it', async () => {
  const [own, childs] = [await freePort(), await freePort()];
  const ready = (port: number) => ({ ports: [port], ready: () => acceptsConnections(port) });
  await start(listensOn(own), ready(own));
  const child = JSON.stringify(listensOn(childs));
  await start(`require('node:child_process').spawn(process.execPath, ['--eval', ${child}])`, ready(childs));
});

test('a process does not become ready by what another one answers on its port', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  onTestEnd(() => server.close());
  await once(server, 'listening');
  const foreign = { ports: [port], ready: () => acceptsConnections(port), readyTimeoutMs: 300 };
  await assert.rejects(start(SLEEPS, foreign), {
    message: new RegExp(`^It was not ready within 0[.]3 s: another process listens on port ${port}; the end of`),
  });
  await assert.rejects(start(listensOn(port), { ...foreign, readyTimeoutMs: 10_000 }), {
    message: /^It ended with code 1 before it was ready; the end of/,
  });
});

test('what a process prints can be awaited, and what its last life printed does not count', async () => {
  const seen: string[] = [];
  for (const life of ['first', 'second']) {
    let output = '';
    const ready = (printed: () => string): boolean => (output = printed()).endsWith('\n');
    await start(`console.log('${life}'); ${SLEEPS}`, { ready, logFile: join(folder, 'printed') });
    seen.push(output);
  }
  assert.deepEqual(seen, ['first\n', 'second\n']);
});
