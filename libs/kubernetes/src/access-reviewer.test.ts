import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { createAccessReviewer } from './access-reviewer.ts';
import { KubeTransport, type Call } from './transport.ts';

/** A transport that answers with what it is given, and remembers what was asked. */
function reviewerWith(answer: unknown): {
  readonly reviewer: ReturnType<typeof createAccessReviewer>;
  readonly asked: Call[];
} {
  const asked: Call[] = [];
  const transport = new KubeTransport({ access: async () => ({ url: 'http://127.0.0.1:1', tls: {}, headers: {} }) });
  transport.call = async <T>(call: Call): Promise<T> => {
    asked.push(call);
    return answer as T;
  };
  return { reviewer: createAccessReviewer(transport), asked };
}

describe('who a caller is and what they may do', () => {
  test('is asked of the API server, with all that it says of them', async () => {
    const user = { username: 'ann', uid: '7', groups: ['team-a'], extra: { scope: ['x'] } };
    const known = reviewerWith({ status: { authenticated: true, user } });
    assert.deepEqual(await known.reviewer.whoIs('secret'), user);
    assert.deepEqual(known.asked[0]?.body, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: 'secret' },
    });
    const allowing = reviewerWith({ status: { allowed: true } });
    const access = {
      verb: 'get',
      group: 'serving.kserve.io',
      resource: 'inferenceservices',
      namespace: 'a',
      name: 'm',
    } as const;
    assert.equal(await allowing.reviewer.may(user, access), true);
    assert.deepEqual(allowing.asked[0]?.body, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: 'ann',
        uid: '7',
        groups: ['team-a'],
        extra: { scope: ['x'] },
        resourceAttributes: access,
      },
    });
  });

  test('a token that is not accepted identifies no user, whatever it claims', async () => {
    const user = { username: 'ann' };
    assert.equal(await reviewerWith({ status: { user } }).reviewer.whoIs('t'), undefined);
    assert.equal(await reviewerWith({ status: { authenticated: false, user } }).reviewer.whoIs('t'), undefined);
  });

  test('an answer in another form is an error, and never a yes', async () => {
    const access = { verb: 'get', group: '', resource: 'pods', namespace: 'a' } as const;
    for (const odd of [undefined, {}, { status: {} }, { status: { allowed: 'true' } }])
      await assert.rejects(reviewerWith(odd).reviewer.may({ username: 'ann' }, access), CallError);
  });
});
