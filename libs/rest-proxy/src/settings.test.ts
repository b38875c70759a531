import assert from 'node:assert/strict';
import { readRestProxySettings } from './settings.ts';

test('without an environment it serves 8008 for the mesh at 8033 of its pod, in plain text', () => {
  assert.deepEqual(readRestProxySettings({}), {
    host: '0.0.0.0',
    port: 8008,
    backend: { host: 'localhost', port: 8033, kind: 'plain' },
    maxAnswerBytes: 16_777_216,
    maxBodyBytes: 67_108_864,
    tls: undefined,
    clientAuth: 'NONE',
    drain: { port: 8090, localhost: 'localhost' },
    logLevel: 'info',
  });
});

test('only the word true switches TLS to the mesh on', () => {
  for (const word of ['1', 'yes', 'True', 'false'])
    assert.equal(readRestProxySettings({ REST_PROXY_USE_TLS: word }).backend.kind, 'plain');
  assert.equal(readRestProxySettings({ REST_PROXY_USE_TLS: 'true' }).backend.kind, 'verified');
  const skip = { REST_PROXY_USE_TLS: 'true', REST_PROXY_SKIP_VERIFY: 'true' };
  assert.equal(readRestProxySettings(skip).backend.kind, 'unverified');
});

test('a certificate and its key switch HTTPS on; trusted files stand with commas between them', () => {
  const files = { MM_TLS_KEY_CERT_PATH: '/c', MM_TLS_PRIVATE_KEY_PATH: '/k' };
  assert.equal(readRestProxySettings({ MM_TLS_KEY_CERT_PATH: '/c' }).tls, undefined);
  const { tls, clientAuth } = readRestProxySettings({
    ...files,
    MM_TLS_TRUST_CERT_PATH: '/c,/a',
    MM_TLS_CLIENT_AUTH: 'require',
  });
  assert.deepEqual(tls, { certificate: '/c', key: '/k', trusted: ['/c', '/a'] });
  assert.equal(clientAuth, 'REQUIRE');
});

test('a pod with a loopback address of its own is served and dialled there', () => {
  const { host, backend } = readRestProxySettings({ POD_LOCALHOST: '127.64.0.7', REST_PROXY_GRPC_PORT: '1' });
  assert.deepEqual([host, backend], ['127.64.0.7', { host: '127.64.0.7', port: 1, kind: 'plain' }]);
});
