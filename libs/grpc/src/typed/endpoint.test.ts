import assert from 'node:assert/strict';
import { endpointAddress } from './endpoint.ts';

test('a port is one of the pod itself, and a socket stands as it is', () => {
  const asked = ['port:8085', 'unix:///run/a.sock', 'unix:/run/a.sock'];
  const dialled = ['127.64.0.10:8085', 'unix:///run/a.sock', 'unix:/run/a.sock'];
  assert.deepEqual(
    asked.map((endpoint) => endpointAddress(endpoint, '127.64.0.10')),
    dialled,
  );
});

test('anything else is refused in the words of the original', () => {
  for (const endpoint of ['', '8085', 'port:', 'port:x', 'unix:sock', 'http://localhost'])
    assert.throws(() => endpointAddress(endpoint, 'localhost'), {
      message: new RegExp(`^Invalid Endpoint: ${endpoint}`),
    });
});
