import assert from 'node:assert/strict';
import { toAbsence, toChange, type JsonObject, type SourceFeed } from '@meshkeeper/domain';
import { observeConfiguration } from './observe-configuration.ts';

const context = { ownNamespace: 'own' };
const configMap = (decoded: JsonObject) => ({ metadata: { name: 'model-serving-config', namespace: 'own' }, decoded });
const NEVER = new AbortController().signal;

test('each version of the configuration is reported as it passes, and passes unchanged', async () => {
  const bad = toChange('config', configMap({ podsPerRuntime: 'none' }), context);
  const unknown = toChange('config', configMap({ podPerRuntime: 3 }), context);
  const gone = toAbsence('config', configMap({}), context);
  const feed: SourceFeed = {
    source: 'config',
    readHead: async () => ({ head: '1', identity: 'x' }),
    async *list() {
      yield { revision: '1', changes: [bad] };
    },
    async *watch() {
      yield { to: '2', changes: [unknown] };
      yield { to: '3', changes: [gone] };
    },
  };
  const reported: unknown[] = [];
  const wrapped = observeConfiguration(feed, (parsed) => {
    reported.push(
      parsed === undefined ? 'gone' : parsed.kind === 'bad' ? parsed.problems.length : parsed.warnings.length,
    );
  });
  const passed: unknown[] = [];
  for await (const { changes } of wrapped.list(NEVER)) passed.push(...changes);
  for await (const { changes } of wrapped.watch('1', NEVER)) passed.push(...changes);
  assert.deepEqual(
    [reported, passed],
    [
      [1, 1, 'gone'],
      [bad, unknown, gone],
    ],
  );
});
