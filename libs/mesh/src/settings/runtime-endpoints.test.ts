import assert from 'node:assert/strict';
import { z } from 'zod';
import { readSettings } from '@meshkeeper/settings';
import { runtimeEndpoints, runtimeVariables } from './runtime-endpoints.ts';

const read = (env: Readonly<Record<string, string>>) =>
  runtimeEndpoints(readSettings(z.object(runtimeVariables), env), '127.64.0.10');

test('with nothing set the socket and the port of old are tried in turns', () => {
  assert.deepEqual(read({}), { management: ['unix:///tmp/mmesh/grpc.sock', '127.64.0.10:8085'], serving: undefined });
});

test('ports are dialled at the host, sockets by their path', () => {
  assert.deepEqual(read({ INTERNAL_GRPC_PORT: '8086', INTERNAL_SERVING_GRPC_SOCKET_PATH: '/models/data.sock' }), {
    management: ['127.64.0.10:8086'],
    serving: 'unix:///models/data.sock',
  });
});

test('a port and a socket for the same thing are refused', () => {
  assert.throws(() => read({ INTERNAL_GRPC_PORT: '8086', INTERNAL_GRPC_SOCKET_PATH: '/a.sock' }), {
    name: 'SettingsError',
    message: 'INTERNAL_GRPC_PORT, INTERNAL_GRPC_SOCKET_PATH: only one of them may be set',
  });
});

test('what is no port or no absolute path is refused by its name', () => {
  const wrong = { INTERNAL_GRPC_PORT: '70000', INTERNAL_SERVING_GRPC_SOCKET_PATH: 'a.sock' };
  assert.throws(() => read(wrong), {
    message: /INTERNAL_GRPC_PORT: must be a port\n.*INTERNAL_SERVING_GRPC_SOCKET_PATH: must be an absolute path/,
  });
});
