import assert from 'node:assert/strict';
import { createLogger } from '@meshkeeper/process';
import { createClusterView } from './cluster-view.ts';
import { followLiveConfig } from './live-config.ts';

const SCOPE = { rootPrefix: 'root', kvPrefix: 'mm', service: 'mesh' };
const SETTINGS = { scaleUpRpm: 2_000, logEachCall: false, logLevel: 'info' };

test('what an operator writes under config applies immediately, invalid values do not, and the environment returns', () => {
  const view = createClusterView(SCOPE);
  const logger = createLogger('mesh', 'silent');
  const live = followLiveConfig(view, SETTINGS, logger);
  let revision = 1n;
  const write = (name: string, value: string | undefined): void => {
    revision += 1n;
    view.fold([{ key: `root/mm/mesh/config/${name}`, value, modRevision: revision, createRevision: revision }]);
  };
  const current = () => [live.scaleUpRpm(), live.logsEachCall(), logger.level];
  assert.deepEqual(current(), [2_000, false, 'info']);
  write('scaleup_rpm_threshold', '3');
  write('log_each_invocation', 'true');
  write('logger_level', 'ERROR');
  assert.deepEqual(current(), [10, true, 'error']);
  write('scaleup_rpm_threshold', 'many');
  write('logger_level', 'loud');
  assert.deepEqual(current(), [2_000, true, 'error']);
  for (const name of ['scaleup_rpm_threshold', 'log_each_invocation', 'logger_level']) write(name, undefined);
  assert.deepEqual(current(), [2_000, false, 'info']);
});
