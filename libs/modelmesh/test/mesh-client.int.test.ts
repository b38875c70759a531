import assert from 'node:assert/strict';
import { connect, createServer as createRelay, type AddressInfo, type Socket } from 'node:net';
import { CallError, type MeshTarget, type SetVModelRequest } from '@meshkeeper/domain';
import { freePort, waitFor } from '@meshkeeper/sandbox';
import { createMeshClient, type MeshClientOptions } from '../src/index.ts';
import { startMesh, type MeshServer } from './mesh-server.ts';

const at = (...endpoints: readonly string[]): MeshTarget => ({ endpoints, authority: 'svc.ns', tlsSecretName: '' });
const plainClient = (options: Omit<MeshClientOptions, 'readTls'>) =>
  createMeshClient({ ...options, readTls: () => assert.fail('in plaintext no Secret is read') });

describe('the client of meshes', () => {
  let one: MeshServer;
  let two: MeshServer;
  let dead: string;
  const client = plainClient({ timeoutMs: 1_000 });
  beforeAll(async () => {
    [one, two, dead] = [await startMesh('one'), await startMesh('two'), `127.0.0.1:${await freePort()}`];
  });
  afterAll(async () => {
    await client.close();
    one.server.forceShutdown();
    two.server.forceShutdown();
  });

  const ref = (vModelId: string) => ({ vModelId, owner: '' });
  const failure = async (endpoints: readonly string[], vModelId: string) => {
    try {
      await client.getVModelStatus(at(...endpoints), ref(vModelId));
    } catch (error) {
      assert.ok(error instanceof CallError);
      return { kind: error.kind, code: error.code, message: error.message };
    }
    throw new Error('The call succeeded');
  };

  test('gives statuses by name; one that it does not know is UNKNOWN', async () => {
    assert.deepEqual(await client.getVModelStatus(at(one.endpoint), ref('v')), {
      status: 'TRANSITION_FAILED',
      owner: 'one',
      activeModelId: 'a',
      targetModelId: 't',
      activeModelStatus: { status: 'LOADED', errors: [], copies: [{ location: 'i', status: 'UNKNOWN', time: 7 }] },
      targetModelStatus: { status: 'UNKNOWN', errors: ['e'], copies: [] },
    });
  });

  test('takes endpoints in turn', async () => {
    const both = at(one.endpoint, two.endpoint);
    const owners = [];
    for (let index = 0; index < 4; index += 1) owners.push((await client.getVModelStatus(both, ref('v'))).owner);
    assert.deepEqual(owners.toSorted(), ['one', 'one', 'two', 'two']);
  });

  test('passes over endpoints that cannot be reached, for writes too', async () => {
    const request: SetVModelRequest = {
      ...ref('v'),
      targetModelId: 't',
      modelInfo: { type: 't', path: 'p', key: 'k' },
      loadNow: false,
      autoDeleteTargetModel: true,
      expectedTargetModelId: '',
    };
    for (let index = 0; index < 3; index += 1)
      assert.equal((await client.setVModel(at(dead, one.endpoint), request)).owner, 'one');
    await client.deleteVModel(at(dead, one.endpoint), ref('v'));
  });

  test('without endpoints, and without one that answers, it may be tried again', async () => {
    const none = { kind: 'Transient', code: 'NO_ENDPOINTS', message: 'The mesh has no ready endpoints' };
    assert.deepEqual(await failure([], 'v'), none);
    const { kind, code } = await failure([dead], 'v');
    assert.deepEqual([kind, code], ['Transient', 'UNAVAILABLE']);
  });

  const kinds = {
    UNAVAILABLE: 'Transient',
    DEADLINE_EXCEEDED: 'Transient',
    RESOURCE_EXHAUSTED: 'Transient',
    INTERNAL: 'Transient',
    UNKNOWN: 'Transient',
    NOT_FOUND: 'Gone',
    FAILED_PRECONDITION: 'Conflict',
    ABORTED: 'Conflict',
    INVALID_ARGUMENT: 'Terminal',
    ALREADY_EXISTS: 'Terminal',
    UNIMPLEMENTED: 'Terminal',
    PERMISSION_DENIED: 'Terminal',
    UNAUTHENTICATED: 'Terminal',
  };
  for (const [code, kind] of Object.entries(kinds)) {
    test(`${code} from a mesh is ${kind}, and no other endpoint is asked`, async () => {
      assert.deepEqual(await failure([one.endpoint, dead, one.endpoint], code), {
        kind,
        code,
        message: `failed ${code}`,
      });
    });
  }

  test('a mesh that does not answer is given up after the deadline', async () => {
    const expected = {
      kind: 'Transient',
      code: 'DEADLINE_EXCEEDED',
      message: 'getVModelStatus got no answer within 1000 ms',
    };
    assert.deepEqual(await failure([one.endpoint], 'hang'), expected);
  });

  test('dials the address that `dial` returns', async () => {
    const other = plainClient({ dial: (endpoint) => endpoint.replace('10.64.0.9', '127.0.0.1') });
    const endpoint = one.endpoint.replace('127.0.0.1', '10.64.0.9');
    assert.equal((await other.getVModelStatus(at(endpoint), ref('v'))).owner, 'one');
    await other.close();
  });

  test('a channel that was unused for a while is closed, and opened again when it is needed', async () => {
    const open = new Set<Socket>();
    const relay = createRelay((socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      socket.pipe(connect(Number(two.endpoint.split(':')[1]), '127.0.0.1')).pipe(socket);
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const endpoint = `127.0.0.1:${(relay.address() as AddressInfo).port}`;
    const idle = plainClient({ idleMs: 50 });
    await idle.getVModelStatus(at(endpoint), ref('v'));
    assert.equal(open.size, 1);
    await waitFor(() => open.size === 0, { timeoutMs: 5_000, what: 'the channel to be closed' });
    assert.equal((await idle.getVModelStatus(at(endpoint), ref('v'))).owner, 'two');
    relay.close();
    await idle.close();
  });
});
