import assert from 'node:assert/strict';
import type { AccessReviewer } from '@meshkeeper/kubernetes';
import { createGuard, OPEN_TO_ALL } from './guard.ts';

const models = { verb: 'get', group: 'serving.kserve.io', resource: 'inferenceservices', namespace: 'team-a' } as const;
const deployments = { ...models, group: 'apps', resource: 'deployments' };
const reviewer: AccessReviewer = {
  whoIs: async (token) => (token === 'good' ? { username: 'ann' } : undefined),
  may: async (_caller, { resource }) => resource === 'inferenceservices',
};

describe('the console’s guard', () => {
  const guard = createGuard(reviewer);
  test('lets those pass who may see all that is needed', async () => {
    assert.equal(await guard('Bearer good', [models]), undefined);
    assert.equal(await guard('bearer good', []), undefined);
  });

  test('says in one sentence who may not do what', async () => {
    const message = 'ann may not get deployments.apps in namespace team-a.';
    assert.deepEqual(await guard('Bearer good', [models, deployments]), { code: 403, message });
  });

  test('requires a token, and refuses one that the API server does not accept', async () => {
    for (const header of [undefined, '', 'Basic x', 'Bearer ', 'Bearer a b'])
      assert.equal(
        (await guard(header, [models]))?.message,
        'Send a Kubernetes bearer token: Authorization: Bearer TOKEN.',
      );
    assert.deepEqual(await guard('Bearer bad', [models]), {
      code: 401,
      message: 'The API server does not accept this token.',
    });
  });

  test('admits no caller while the API server does not answer', async () => {
    const down = async (): Promise<never> => {
      throw new Error('connect ECONNREFUSED');
    };
    assert.equal((await createGuard({ ...reviewer, whoIs: down })('Bearer good', [models]))?.code, 503);
    assert.equal((await createGuard({ ...reviewer, may: down })('Bearer good', [models]))?.code, 503);
  });

  test('is no guard where everybody who comes may see everything', async () =>
    assert.equal(await OPEN_TO_ALL(undefined, [models]), undefined));
});
