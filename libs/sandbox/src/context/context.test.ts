import assert from 'node:assert/strict';
import { judgeInfo } from './external-redis.ts';
import { parseEndpoints } from './reachability.ts';

test('endpoints of etcd: schemes, ports and lists', () => {
  assert.deepEqual(parseEndpoints('http://etcd:2379, https://10.0.0.1,etcd.example:4001'), [
    { host: 'etcd', port: 2379 },
    { host: '10.0.0.1', port: 443 },
    { host: 'etcd.example', port: 4001 },
  ]);
});

const info = (version: string, policy: string): string =>
  `# Server\r\nredis_version:${version}\r\n# Memory\r\nmaxmemory_policy:${policy}\r\n`;

test('a Redis is judged by its version and its policy', () => {
  assert.equal(judgeInfo(info('7.0.15', 'noeviction'), 'Redis at h:1'), undefined);
  assert.equal(
    judgeInfo(info('6.2.1', 'noeviction'), 'Redis at h:1'),
    'Redis at h:1 is version 6.2.1; version 7 or newer is needed.',
  );
  const dropping =
    'Redis at h:1 has maxmemory-policy volatile-lru and would drop records when it is full: set it to noeviction.';
  assert.equal(judgeInfo(info('8.0.0', 'volatile-lru'), 'Redis at h:1'), dropping);
});
