import assert from 'node:assert/strict';
import { loopbackAlias } from '@meshkeeper/settings';
import { createBackoff } from '../backoff.ts';
import { createAddressPool } from './address-pool.ts';
import { portNumber } from './actions.ts';
import { inUnitsOf } from './environment.ts';
import { countProbe, NO_PROBES, type ProbeCount } from './probe.ts';
import { commandOf, programFor } from './programs.ts';

test('addresses: the former one is kept when it fits, a released one rests before it is given again', () => {
  const pool = createAddressPool(70);
  assert.equal(pool.node, '10.70.0.1');
  assert.equal(pool.take('10.70.3.4'), '10.70.3.4');
  assert.equal(pool.take('10.70.3.4'), '10.70.0.10');
  assert.equal(pool.take('10.71.0.1'), '10.70.0.11');
  pool.release('10.70.0.10');
  assert.equal(pool.take(), '10.70.0.12');
  assert.equal(loopbackAlias('10.70.0.12'), '127.70.0.12');
});

test('addresses: a whole range is given out without doubles, then refused', () => {
  const pool = createAddressPool(64);
  const all = new Set(Array.from({ length: 65_525 }, () => pool.take()));
  assert.equal(all.size, 65_525);
  assert.throws(() => pool.take(), { message: 'No pod address is left in 10.64.0.0/16' });
});

test('probes: a verdict needs enough outcomes of one kind in a row', () => {
  const probe = { successThreshold: 2, failureThreshold: 3 };
  const verdicts: (string | undefined)[] = [];
  let count: ProbeCount = NO_PROBES;
  for (const success of [true, false, true, true, false, false, true, false, false, false]) {
    const counted = countProbe(count, success, probe);
    count = counted.count;
    verdicts.push(counted.verdict);
  }
  const none = undefined;
  assert.deepEqual(verdicts, [none, none, none, 'passing', none, none, none, none, none, 'failing']);
});

test('actions: a port may be given by its name', () => {
  const container = { name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 8089 }] };
  assert.deepEqual(
    [portNumber(80, container), portNumber('http', container), portNumber('grpc', container)],
    [80, 8089, undefined],
  );
});

test('programs: an image is known by its repository, whatever its registry, tag or digest', () => {
  const programs = [{ image: 'kserve/modelmesh', command: ['node', 'main.ts'] }];
  const known = [
    'kserve/modelmesh',
    'kserve/modelmesh:v1',
    'host:5000/kserve/modelmesh',
    'docker.io/kserve/modelmesh:v1@sha256:0',
  ];
  for (const image of known) assert.equal(programFor({ image }, programs), programs[0]);
  for (const image of ['kserve/modelmesh-runtime-adapter:v1', 'other-kserve/modelmesh', 'modelmesh'])
    assert.equal(programFor({ image }, programs), undefined);
});

test('programs: relative paths are below the root of the programs, so that a process can run in any folder', () => {
  const command = ['node', '--flag=a/b', 'apps/main.ts', '../b.ts', 'word', '$(NAME)/a', '/a/b'];
  const absolute = [process.execPath, '--flag=a/b', '/root/apps/main.ts', '/b.ts', 'word', '$(NAME)/a', '/a/b'];
  assert.deepEqual(commandOf({ image: 'a', command }, '/root'), absolute);
});

test('programs: one image may hold several, distinguished by what the container calls', () => {
  const programs = [{ image: 'a/helper', entry: '/opt/app/puller', command: ['node', 'puller.ts'] }];
  const asked = { image: 'a/helper:1', command: ['/opt/app/puller'] };
  assert.equal(programFor(asked, programs), programs[0]);
  for (const command of [[], ['/opt/app/triton-adapter']])
    assert.equal(programFor({ ...asked, command }, programs), undefined);
});

test('quantities: the environment has whole numbers of divisors, rounded up', () => {
  assert.deepEqual(
    [
      inUnitsOf('1500m'),
      inUnitsOf('1500m', '1m'),
      inUnitsOf('0.1', '1m'),
      inUnitsOf('1025', '1Ki'),
      inUnitsOf('2', '0'),
    ],
    ['2', '1500', '100', '2', '2'],
  );
  assert.throws(() => inUnitsOf('a lot'), { message: 'a lot is no quantity' });
});

test('back-off: doubles up to its cap and starts over after a long life', () => {
  const backoff = createBackoff({ firstMs: 100, capMs: 300, resetAfterMs: 1_000 });
  assert.deepEqual(
    [0, 0, 0, 0, 1_000, 0].map((lived) => backoff.next(lived)),
    [100, 200, 300, 300, 100, 200],
  );
});
