import assert from 'node:assert/strict';
import { expandVariables, rewriteHosts, rewritePaths } from './rewrite.ts';

const paths = rewritePaths([
  { mountPath: '/models', folder: '/real/models-dir' },
  { mountPath: '/models/special', folder: '/real/special' },
  { mountPath: '/opt/kserve/mmesh/etcd/', folder: '/real/models/etcd-config' },
]);

const pathCases: readonly (readonly [string, string, string])[] = [
  ['a path alone', '/models', '/real/models-dir'],
  ['a path with more behind it', '/models/a/b', '/real/models-dir/a/b'],
  ['the longest mount wins', '/models/special/x', '/real/special/x'],
  [
    'a path after a scheme',
    'etcd:/opt/kserve/mmesh/etcd/etcd_connection',
    'etcd:/real/models/etcd-config/etcd_connection',
  ],
  ['a path after an equals sign', '--dir=/models', '--dir=/real/models-dir'],
  ['a path after a scheme with slashes', 'unix:///models/socket', 'unix:///real/models-dir/socket'],
  ['several paths', '/models:/models/special', '/real/models-dir:/real/special'],
  ['a longer word is another path', '/models-2/a', '/models-2/a'],
  ['a path inside another path is none', '/data/models', '/data/models'],
  ['a path of a URL is none', 'http://host/models', 'http://host/models'],
];

for (const [name, given, wanted] of pathCases) test(`mount paths: ${name}`, () => assert.equal(paths(given), wanted));

test('mount paths: what was put in is not replaced again', () => {
  const swap = rewritePaths([
    { mountPath: '/a', folder: '/b' },
    { mountPath: '/b', folder: '/a' },
  ]);
  assert.equal(swap('/a:/b'), '/b:/a');
});

const hosts = rewriteHosts('127.64.0.10');

const hostCases: readonly (readonly [string, string, string])[] = [
  ['localhost alone', 'localhost', '127.64.0.10'],
  ['localhost with a port', 'localhost:8033', '127.64.0.10:8033'],
  ['the loopback address in a URL', 'http://127.0.0.1:8033/x', 'http://127.64.0.10:8033/x'],
  ['a list', 'localhost:1,127.0.0.1:2', '127.64.0.10:1,127.64.0.10:2'],
  ['part of a name stays', 'localhost.localdomain', 'localhost.localdomain'],
  ['part of a longer word stays', 'my-localhost', 'my-localhost'],
  ['part of a longer address stays', '127.0.0.10 10.127.0.0.1', '127.0.0.10 10.127.0.0.1'],
];

for (const [name, given, wanted] of hostCases) test(`hosts: ${name}`, () => assert.equal(hosts(given), wanted));

test('variables are expanded, unknown ones and escaped ones stay', () => {
  assert.equal(expandVariables('$(A)-$(B)-$$(A)-$A', { A: '1' }), '1-$(B)-$(A)-$A');
});
