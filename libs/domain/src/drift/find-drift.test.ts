import assert from 'node:assert/strict';
import { KINDS, MESH_SOURCE } from '../objects/kinds.ts';
import type { SourceState } from '../ports/event-log.ts';
import { reduce, type JsonObject, type KubeObject } from '../objects/reduce.ts';
import { wantedOfInferenceService } from '../registration/inference-service.ts';
import { anInferenceService } from '../testing/builders.ts';
import { DRIFT_SOURCES, DriftView } from './drift-view.ts';
import { findDrift, type Finding } from './find-drift.ts';

type KindOfSource = 'inferenceServices' | 'predictors' | 'deployments' | 'namespaces';

const COMPLETE: SourceState = { epoch: '1', cursor: '7', complete: true };
const READY: JsonObject = { conditions: [{ type: 'Ready', status: 'True' }] };
const TARGET = targetOf(anInferenceService());
const OLD = 'digits__isvc-0000000000';

function targetOf(object: KubeObject): string {
  const wanted = wantedOfInferenceService(reduce('inferenceServices', object));
  return wanted.kind === 'model' ? wanted.registration.targetModelId : '';
}

/** What the view holds, as few words as the cases need. */
class Scene {
  readonly #view = new DriftView('modelmesh-serving');
  readonly #states: Record<string, SourceState> = Object.fromEntries(DRIFT_SOURCES.map((source) => [source, COMPLETE]));

  constructor() {
    this.namespace('team-a', { 'modelmesh-enabled': 'true' });
    this.pods('rt:mlserver,mt:sklearn');
  }

  object(kind: KindOfSource, object: KubeObject): this {
    const { name, namespace = '' } = object.metadata;
    this.#view.add({ source: KINDS[kind].source, namespace, name, revision: '7', body: reduce(kind, object) });
    return this;
  }

  isvc(status?: JsonObject, object = anInferenceService('a/b', status)): this {
    return this.object('inferenceServices', object);
  }

  predictor(name = 'digits'): this {
    const spec = { modelType: { name: 'sklearn' }, path: 'a/b' };
    return this.object('predictors', { metadata: { name, namespace: 'team-a' }, spec });
  }

  namespace(name: string, labels: Readonly<Record<string, string>>): this {
    return this.object('namespaces', { metadata: { name, labels } });
  }

  pods(labels: string, readyReplicas = 1): this {
    const containers = [{ name: 'mm', env: [{ name: 'MM_LABELS', value: labels }] }];
    const spec = { template: { spec: { containers } } };
    const metadata = { name: 'modelmesh-serving-mlserver', namespace: 'team-a' };
    return this.object('deployments', { metadata, spec, status: { readyReplicas } });
  }

  record(name: string, body: unknown, namespace = 'team-a'): this {
    this.#view.add({ source: MESH_SOURCE, namespace, name, revision: '7', body });
    return this;
  }

  vmodel(target = TARGET, owner = 'isvc', active = target): this {
    return this.record('vmodels/digits', { o: owner, amid: active, tmid: target });
  }

  model(id = TARGET, type = 'mt:sklearn'): this {
    return this.record(`registry/${id}`, { type });
  }

  state(source: string, state: SourceState): this {
    this.#states[source] = state;
    return this;
  }

  find(): readonly Finding[] {
    return findDrift(this.#view.input(this.#states));
  }

  kinds(): readonly string[] {
    return this.find().map(({ kind, name }) => `${kind} ${name}`);
  }
}

describe('drift', () => {
  test('is nothing where all agree', () => {
    assert.deepEqual(new Scene().isvc(READY).vmodel().model().find(), []);
    const other = new Scene().record('vmodels/other', { o: 'ksp', amid: 'm', tmid: 'm' }).predictor('other');
    assert.deepEqual(other.kinds(), ['WrongTarget other']);
  });

  test('is a VModel whose object is gone, which goes if it is ours', () => {
    const [found] = new Scene().vmodel().model().find();
    assert.deepEqual(found, {
      kind: 'VModelWithoutObject',
      namespace: 'team-a',
      name: 'digits',
      message: `VModel digits is registered, with target ${TARGET} and owner isvc, but there is no InferenceService of its name; it is deleted as soon as its namespace has pods of the mesh`,
      keys: ['predictor/team-a/isvc/digits'],
    });
    const [foreign] = new Scene().vmodel('mine', 'me').model('mine').find();
    assert.match(foreign?.message ?? '', /owner me, but there is no object of its name; it was not made by this/);
    const [anybodys] = new Scene().vmodel('mine', '').model('mine').find();
    assert.match(anybodys?.message ?? '', /no owner, but there is no InferenceService or Predictor of its name/);
  });

  test('is a VModel that is left where the namespace is gone', () => {
    const scene = new Scene().record('vmodels/digits', { o: 'isvc', amid: TARGET, tmid: TARGET }, 'gone');
    assert.deepEqual(scene.kinds(), ['VModelWithoutObject digits']);
  });

  test('is an object that is not registered', () => {
    const [found] = new Scene().isvc().find();
    assert.deepEqual([found?.kind, found?.keys], ['ObjectWithoutVModel', ['predictor/team-a/isvc/digits']]);
    assert.match(found?.message ?? '', new RegExp(`^InferenceService digits should be registered as ${TARGET}, but`));
  });

  test('is another owner, reported once', () => {
    const scene = new Scene().isvc().predictor().vmodel().model();
    assert.deepEqual(scene.kinds(), ['WrongOwner digits']);
    assert.deepEqual(scene.find()[0]?.keys, ['predictor/team-a/ksp/digits']);
    assert.deepEqual(new Scene().isvc().vmodel(OLD, 'me').model(OLD).kinds(), ['WrongOwner digits']);
  });

  test('is no other owner where a record has none', () => {
    assert.deepEqual(new Scene().isvc().vmodel(TARGET, '').model().kinds(), []);
  });

  test('is another target, but not a transition to the right one', () => {
    assert.deepEqual(new Scene().isvc().vmodel(OLD).model(OLD).kinds(), ['WrongTarget digits']);
    assert.deepEqual(new Scene().isvc().vmodel(TARGET, 'isvc', OLD).model(OLD).model().kinds(), []);
  });

  test('is Ready without a pod that can hold the active model', () => {
    const busy = (labels: string, ready?: number): readonly string[] =>
      new Scene().pods(labels, ready).isvc(READY).vmodel(OLD).model(OLD, 'mt:onnx').kinds();
    assert.deepEqual(busy('mt:pytorch'), ['WrongTarget digits', 'ReadyWithoutPods digits']);
    assert.deepEqual(busy('mt:onnx', 0), ['WrongTarget digits', 'ReadyWithoutPods digits']);
    assert.deepEqual(busy('mt:onnx'), ['WrongTarget digits']);
    const [found] = new Scene().isvc(READY, anInferenceService('a/b', READY, { name: 'x' })).find();
    assert.equal(found?.kind, 'ObjectWithoutVModel');
  });

  test('is a model of the registry that no VModel names', () => {
    const found = new Scene().isvc().vmodel().model().model(OLD).model('theirs').find();
    assert.deepEqual(
      found.map(({ kind, name, keys }) => [kind, name, keys]),
      [
        ['ModelWithoutVModel', OLD, ['predictor/team-a/isvc/digits']],
        ['ModelWithoutVModel', 'theirs', []],
      ],
    );
    assert.match(found[1]?.message ?? '', /leaves it alone$/);
  });

  test('is nothing where an object makes no model, or its namespace is not served', () => {
    const noMode = anInferenceService('a/b', undefined, { annotations: {} });
    assert.deepEqual(new Scene().isvc(undefined, noMode).kinds(), []);
    const wrong = { ...anInferenceService(), spec: { predictor: {} } };
    assert.deepEqual(new Scene().isvc(undefined, wrong).vmodel(OLD).model(OLD).kinds(), []);
    const elsewhere = anInferenceService('a/b', READY, { namespace: 'team-b' });
    assert.deepEqual(new Scene().isvc(undefined, elsewhere).kinds(), []);
  });

  test('is looked for in every namespace that is seen where none is watched', () => {
    const elsewhere = anInferenceService('a/b', undefined, { namespace: 'team-b' });
    const scoped = new Scene()
      .isvc(undefined, elsewhere)
      .state('namespaces', { ...COMPLETE, epoch: '', complete: false });
    assert.deepEqual(scoped.kinds(), ['ObjectWithoutVModel digits']);
  });

  test('is nothing of what is paused: an object, or all of a namespace', () => {
    const paused = { 'meshkeeper.dev/paused': 'true' };
    const annotations = { 'serving.kserve.io/deploymentMode': 'ModelMesh', ...paused };
    const own = new Scene().isvc(READY, anInferenceService('a/b', READY, { annotations }));
    assert.deepEqual(own.pods('', 0).vmodel(OLD).model(OLD).kinds(), []);
    const namespace = { metadata: { name: 'team-a', labels: { 'modelmesh-enabled': 'true' }, annotations: paused } };
    const all = (): Scene => new Scene().object('namespaces', namespace);
    assert.deepEqual([all().isvc().kinds(), all().vmodel().model().kinds()], [[], []]);
  });

  test('is not concluded from what is not listed whole', () => {
    const partly: SourceState = { epoch: '1', cursor: '', complete: false };
    const of = (source: string, scene: Scene): readonly string[] => scene.state(source, partly).kinds();
    assert.deepEqual(of('inferenceservices', new Scene().vmodel().model()), []);
    assert.deepEqual(of('predictors', new Scene().vmodel().model()), ['VModelWithoutObject digits']);
    assert.deepEqual(of('mesh', new Scene().isvc().model(OLD)), []);
    assert.deepEqual(of('namespaces', new Scene().isvc()), []);
    assert.deepEqual(of('deployments', new Scene().pods('', 0).isvc(READY).vmodel().model(TARGET, 'mt:onnx')), []);
  });

  test('survives any record of the mesh', () => {
    const scene = new Scene();
    for (const body of [null, 'text', 5, [], { tmid: 5, o: {} }])
      scene.record('vmodels/a/b', body).record('registry/x', body).record('odd', body);
    assert.deepEqual([...new Set(scene.kinds())], ['VModelWithoutObject a/b', 'ModelWithoutVModel x']);
  });
});
