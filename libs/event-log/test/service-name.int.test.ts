import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@meshkeeper/sandbox';
import { createServiceName } from '../src/service-name.ts';
import { OWN_NAMESPACE, startFixture, type Fixture } from './watcher-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const recordsOf = (service: string): readonly string[] => [
  `${OWN_NAMESPACE}/registry/${service}-model__isvc-0123456789 {"type":"t"}`,
  `${OWN_NAMESPACE}/vmodels/both {"o":"isvc","amid":"${service}"}`,
];

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  await waitFor(condition, { timeoutMs: 20_000, what, intervalMs: 50 });
}

const viewShows = (service: string) => async (): Promise<boolean> =>
  JSON.stringify(await fixture.view()) === JSON.stringify(recordsOf(service));

describe('the name of the mesh follows the configuration', () => {
  let watchers: readonly Awaited<ReturnType<Fixture['startWatcher']>>[];

  test('a watcher waits, and says what for, while no configuration is recorded', async () => {
    for (const service of ['modelmesh-serving', 'mesh']) {
      await fixture.etcd.put(`root/mm/${service}/vmodels/both`, `{"o":"isvc","amid":"${service}"}`);
      await fixture.etcd.put(`root/mm/${service}/registry/${service}-model__isvc-0123456789`, '{"type":"t"}');
    }
    watchers = await Promise.all([fixture.startWatcher(), fixture.startWatcher()]);
    await until('the reason', async () => (await watchers[0]?.readyz())?.includes('ConfigurationUnknown') === true);
    assert.deepEqual(await fixture.view(), []);
  });

  test('without a ConfigMap it is the default', async () => {
    await fixture.recordConfig(undefined);
    await until('the records', viewShows('modelmesh-serving'));
  });

  test('a changed name begins another epoch, in which the other mesh is listed completely and no watcher returns', async () => {
    const before = BigInt(await fixture.epoch());
    await fixture.recordConfig({ inferenceServiceName: 'mesh' });
    await until('the other records', viewShows('mesh'));
    await delay(2_500);
    assert.equal(await fixture.epoch(), String(before + 1n));
    assert.deepEqual(await fixture.view(), recordsOf('mesh'));
    await until('both to be ready', async () => {
      const answers = await Promise.all(watchers.map(({ readyz }) => readyz()));
      return answers.every((answer) => !answer.includes('mesh:'));
    });
  });

  test('a wrong configuration changes nothing: the last good one gives the name', async () => {
    await fixture.recordConfig({ inferenceServiceName: 'Not A Name' });
    assert.equal(await createServiceName(fixture.log, OWN_NAMESPACE)(), 'mesh');
    const before = await fixture.epoch();
    await fixture.etcd.put('root/mm/mesh/vmodels/both', '{"o":"isvc","amid":"mesh","tmid":"x"}');
    await until('the change', async () => (await fixture.view()).some((object) => object.includes('"tmid":"x"')));
    assert.equal(await fixture.epoch(), before);
  });

  test('a watcher stops although Redis never answers with the name', async () => {
    fixture.redis.freeze();
    try {
      await delay(1_500);
      const stopping = watchers.map(({ process }) => process);
      await Promise.all(stopping.map((process) => process.stop()));
      assert.deepEqual(await Promise.all(stopping.map(({ exited }) => exited)), ['code 0', 'code 0']);
    } finally {
      fixture.redis.thaw();
    }
  });
});
