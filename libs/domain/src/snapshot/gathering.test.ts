import type { Gathered, ViewedObject } from '../ports/event-log.ts';
import { DEFAULT_CONFIG } from '../config/mesh-config.ts';
import { CONFIG_MAP_NAME, KINDS, MESH_SOURCE, type KindName } from '../objects/kinds.ts';
import type { WorkKey } from '../objects/work-key.ts';
import {
  aMeshSnapshot,
  anInferenceService,
  aPredictorSnapshot,
  aRuntime,
  aRuntimeSnapshot,
  CONFIG,
  viewed,
} from '../testing/builders.ts';
import { configInForce, configRequest } from './config-in-force.ts';
import { explainRequest, gatherRequest, kindOf, type SnapshotContext } from './gather-request.ts';
import { liveQuestions, withAnswers } from './live-questions.ts';
import { isPausedItself, pauseOf } from './paused.ts';
import type { Snapshot } from './snapshot.ts';
import { toSnapshot } from './to-snapshot.ts';

const CONTEXT: SnapshotContext = { ownNamespace: 'own', etcdSecretName: 'etcd' };
const MESH: WorkKey = { kind: 'mesh', namespace: 'n' };
const RUNTIME: WorkKey = { kind: 'runtime', namespace: 'n', name: 'r' };
const MODEL = { kind: 'predictor', namespace: 'n', owner: 'isvc', name: 'm' } as const;
const sourceOf = (kind: KindName) => KINDS[kind].source;
const fact = (kind: KindName, namespace: string, name?: string) => ({
  source: sourceOf(kind),
  namespace,
  ...(name !== undefined && { name }),
});
const AROUND = [fact('config', 'own', CONFIG_MAP_NAME), fact('namespaces', '', 'n')];
const RUNTIMES = [fact('servingRuntimes', 'n'), fact('clusterServingRuntimes', '')];
const STORAGE = [fact('storageSecrets', 'n'), fact('persistentVolumeClaims', 'n')];

describe('What is gathered', () => {
  const pods = { source: sourceOf('inferenceServices'), namespace: 'n', name: 'm', field: 'pods' };

  test('depends on the kind of the key', () => {
    const facts = (key: WorkKey) => gatherRequest(key, CONTEXT).facts;
    expect(facts(MESH)).toEqual([...AROUND, ...RUNTIMES, fact('etcdSecrets', 'own', 'etcd')]);
    expect(facts(RUNTIME)).toEqual([...AROUND, ...STORAGE]);
    expect(facts(MODEL)).toEqual([...AROUND, ...RUNTIMES.map((each) => ({ ...each, unless: pods })), ...STORAGE]);
    expect(gatherRequest(MODEL, CONTEXT)).toMatchObject({
      key: 'predictor/n/isvc/m',
      objects: [],
      factIndexes: [pods],
    });
    expect(gatherRequest(RUNTIME, CONTEXT).objects).toEqual([fact('clusterServingRuntimes', '', 'r')]);
  });

  test('to explain is the same, with all that only explains', () => {
    expect(explainRequest(MODEL, CONTEXT).facts).toEqual([...AROUND, ...RUNTIMES, ...STORAGE]);
    expect([kindOf(MODEL), kindOf({ ...MODEL, owner: 'ksp' })]).toEqual(['inferenceServices', 'predictors']);
  });
});

test('the configuration in force is the default where none is there, and none while it is unknown or wrong', () => {
  const given = (complete: boolean, facts?: object): Gathered => ({
    objects: [],
    sources: { config: { epoch: '', cursor: '', complete } },
    facts: facts === undefined ? [] : [{ [CONFIG_MAP_NAME]: facts }],
    indexes: [],
  });
  const ok = { kind: 'ok', config: CONFIG, warnings: [] };
  const found = [given(false, ok), given(true), given(true, ok), given(true, { kind: 'bad', problems: [] })];
  expect(found.map(configInForce)).toEqual([undefined, DEFAULT_CONFIG, CONFIG, undefined]);
  expect(configInForce({ ...given(true), sources: {} })).toBeUndefined();
  const facts = [{ source: 'config', namespace: 'own', name: CONFIG_MAP_NAME }];
  expect(configRequest('own')).toEqual({ key: '', sources: ['config'], facts, objects: [], indexes: [] });
});

describe('What is looked up live', () => {
  const secure = {
    config: { kind: 'ok' as const, config: { ...CONFIG, tls: { ...CONFIG.tls, secretName: 's' } }, warnings: [] },
  };
  const runtime = (spec: object, annotations?: object) => {
    const object = aRuntime({ ...spec });
    const metadata = { ...object.metadata, ...(annotations && { annotations }) };
    return {
      runtime: {
        ...viewed('servingRuntimes', { ...object, metadata } as typeof object),
        kind: 'ServingRuntime' as const,
      },
    };
  };
  const secret = { ask: 'secretKeys', namespace: 'team-a', name: 's' };
  const product = runtime({}, { productConfig: 'p' });
  test.each<[string, Snapshot, readonly object[]]>([
    ['nothing for a plain runtime', aRuntimeSnapshot(), []],
    ['the certificates', aRuntimeSnapshot(secure), [secret]],
    [
      'the ConfigMap that a runtime names',
      aRuntimeSnapshot(product),
      [{ ask: 'hasConfigMap', namespace: 'team-a', name: 'p' }],
    ],
    ['nothing in a namespace that is not enabled', aRuntimeSnapshot({ ...secure, namespaceEnabled: false }), []],
    ['nothing in a namespace that is not known', aRuntimeSnapshot({ ...secure, namespaceEnabled: undefined }), []],
    ['nothing for a disabled runtime', aRuntimeSnapshot({ ...secure, ...runtime({ disabled: true }) }), []],
    ['nothing for a runtime of one model', aRuntimeSnapshot({ ...secure, ...runtime({ multiModel: false }) }), []],
    ['nothing without a runtime', aRuntimeSnapshot({ ...secure, runtime: undefined }), []],
    ['nothing for a model', aPredictorSnapshot(secure), []],
    ['nothing for a mesh of the cluster', aMeshSnapshot(secure), []],
    ['nothing for a controller without a name', aMeshSnapshot({ controllerDeployment: '' }), []],
    [
      'the Deployment of the controller',
      aMeshSnapshot({ controllerDeployment: 'c' }),
      [{ ask: 'deploymentUid', namespace: 'team-a', name: 'c' }],
    ],
  ])('is %s', (_rule, snapshot, questions) => {
    expect(liveQuestions(snapshot)).toEqual(questions);
  });

  test('is part of a snapshot that has questions', () => {
    const live = { controllerUid: 'u' };
    expect(withAnswers(aMeshSnapshot(), live)).toEqual({ ...aMeshSnapshot(), live });
    expect(withAnswers(aPredictorSnapshot(), live)).toEqual(aPredictorSnapshot());
  });
});

test('an object, a runtime or a namespace may be paused', () => {
  const annotations = { 'meshkeeper.dev/paused': 'true', 'serving.kserve.io/deploymentMode': 'ModelMesh' };
  const object = viewed('inferenceServices', anInferenceService('a', undefined, { annotations }));
  const by = 'Reconciliation is paused by annotation meshkeeper.dev/paused: "true"';
  const of = (snapshot: Snapshot) => [isPausedItself(snapshot), pauseOf(snapshot)?.message];
  expect([
    of(aPredictorSnapshot()),
    of(aPredictorSnapshot({ object })),
    of(aPredictorSnapshot({ namespacePaused: true })),
    of(aPredictorSnapshot({ object: undefined })),
    of(aRuntimeSnapshot({ runtime: { ...object, kind: 'ServingRuntime' } })),
    of(aMeshSnapshot({ namespacePaused: true })),
  ]).toEqual([
    [false, undefined],
    [true, `${by} of this object`],
    [false, `${by} of namespace team-a`],
    [false, undefined],
    [true, `${by} of this object`],
    [false, `${by} of namespace team-a`],
  ]);
});

describe('The snapshot of a model', () => {
  const complete = { epoch: '', cursor: '', complete: true };
  const all = Object.fromEntries(
    [...Object.values(KINDS).map(({ source }) => source), MESH_SOURCE].map((source) => [source, complete]),
  );
  const record = (name: string, body: unknown): ViewedObject => ({
    source: MESH_SOURCE,
    namespace: 'n',
    name,
    revision: '1',
    body,
  });
  const given = (more: Partial<Gathered> = {}): Gathered => ({
    objects: [],
    sources: all,
    facts: [],
    indexes: [],
    ...more,
  });
  const without = (...kinds: readonly KindName[]) => ({
    sources: { ...all, ...Object.fromEntries(kinds.map((kind) => [sourceOf(kind), { ...complete, complete: false }])) },
  });
  const of = (more: Partial<Gathered> = {}, context: Partial<SnapshotContext> = {}) =>
    toSnapshot(MODEL, given(more), { ...CONTEXT, ...context }) as ReturnType<typeof aPredictorSnapshot>;
  const config = (more: object) => [
    { [CONFIG_MAP_NAME]: { kind: 'ok', config: { ...CONFIG, ...more }, warnings: [] } },
  ];
  const members = [['modelmesh-serving a:1', 'other b:2', 'modelmesh-serving']];

  test('has what is known of its pods', () => {
    const found = [of(), of({ indexes: [[], ['d']] }), of(without('deployments'))];
    expect(found.map(({ hasNoReadyRuntime, podsKnown }) => [hasNoReadyRuntime, podsKnown])).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ]);
  });

  test('has the endpoints of its Service, or the one that is configured', () => {
    expect(of({ indexes: members, facts: config({}) }).endpoints).toEqual(['a:1']);
    expect(of({ indexes: members, facts: config({ modelMeshEndpoint: 'x:1' }) }).endpoints).toEqual(['x:1']);
    const bad = [{ [CONFIG_MAP_NAME]: { kind: 'bad', problems: [] } }];
    expect([of({ indexes: members, facts: bad }).endpoints, of({ facts: bad }).storage]).toEqual([[], undefined]);
  });

  test('has runtimes where all are known, and they may matter', () => {
    const facts = [{}, {}, { a: {} }, { b: {} }];
    const named = [
      { name: 'a', kind: 'ServingRuntime' },
      { name: 'b', kind: 'ClusterServingRuntime' },
    ];
    const home = { indexes: [[], ['d']] };
    expect([
      of({ facts }).runtimes,
      of({ facts, ...home }).runtimes,
      of(home).runtimes,
      of().runtimes,
      of({ facts, ...without('servingRuntimes') }).runtimes,
      of({ facts, ...without('clusterServingRuntimes') }).runtimes,
      of({ facts, ...without('clusterServingRuntimes') }, { namespaceScope: true }).runtimes,
    ]).toEqual([named, named, undefined, [], undefined, undefined, named]);
  });

  test('has its storage where that is known', () => {
    const secret = { entries: {}, claims: [] };
    const facts = [{}, {}, {}, {}, { 'storage-config': secret }, { c: {} }];
    const storage = { secretName: 'storage-config', secret, claims: ['c'] };
    const found = [
      of({ facts }),
      of({ facts, ...without('storageSecrets') }),
      of({ facts, ...without('persistentVolumeClaims') }),
    ];
    expect(found.map((each) => each.storage)).toEqual([storage, undefined, undefined]);
    expect(of().storage).toEqual({ secretName: 'storage-config', secret: undefined, claims: [] });
  });

  test('has its VModel and its copies; a malformed record has no owner', () => {
    const vmodel = { o: 'isvc', amid: 'a', tmid: 't', failed: true };
    const read = (body: unknown) => of({ objects: [record('vmodels/m', body), record('vmodels/x', vmodel)] }).vmodel;
    const empty = { owner: '', active: '', target: '', failed: false };
    expect([read(vmodel), read(null), read('x'), read({ o: 1, failed: 'true' })]).toEqual([
      { owner: 'isvc', active: 'a', target: 't', failed: true },
      empty,
      empty,
      empty,
    ]);
    expect(of().vmodel).toBeUndefined();
    const copy = { instance: 'i', state: 'held', since: 5, message: '' };
    expect(of({ objects: [record('registry/x/y', { instanceIds: { i: 5 } })] }).copies).toEqual({ 'x/y': [copy] });
  });

  test('knows whether its namespace is enabled', () => {
    const enabled = (facts: Gathered['facts'], more: Partial<Gathered> = {}, context: Partial<SnapshotContext> = {}) =>
      of({ facts, ...more }, context).namespaceEnabled;
    const yes = [{}, { n: { enabled: true, paused: false } }];
    expect([
      enabled(yes),
      enabled([]),
      enabled(yes, without('config')),
      enabled(yes, without('namespaces')),
      enabled([], without('namespaces'), { namespaceScope: true }),
      enabled([], without('namespaces'), { namespaceScope: true, ownNamespace: 'n' }),
    ]).toEqual([true, false, undefined, undefined, false, true]);
  });
});
