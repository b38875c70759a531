import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { identityModel, onnxModel } from './onnx-model.ts';
import { refused, useOnnxRuntime } from './onnx-fixture.ts';

const onnx = useOnnxRuntime();

test('a folder is loaded by model.onnx, by its only model, or by its largest version', async () => {
  onnx.write('folder/model.onnx', identityModel('INT8'));
  onnx.write('folder/other.onnx', identityModel('INT16'));
  onnx.write('versions/2/a.onnx', identityModel('INT32'));
  onnx.write('versions/10/b.onnx', identityModel('INT64'));
  const datatype = async (path: string): Promise<string | undefined> => {
    await onnx.load(path, join(onnx.folder, path));
    return (await onnx.inference.modelMetadata({ name: path })).inputs[0]?.datatype;
  };
  assert.deepEqual([await datatype('folder'), await datatype('versions')], ['INT8', 'INT64']);
});

test('what cannot be loaded is refused in one sentence that names the file, and the server lives on', async () => {
  const rubbish = onnx.write('rubbish.onnx', Buffer.from('no model at all'));
  await refused(onnx.load('r', rubbish), 13, /^Failed to load ONNX model: .*rubbish\.onnx.*Protobuf parsing failed/);
  await refused(onnx.load('r', onnx.write('empty.onnx', '')), 13, /^Failed to load ONNX model: .*empty\.onnx/);
  const cut = identityModel('FP32').subarray(0, 40);
  await refused(onnx.load('r', onnx.write('cut.onnx', cut)), 13, /^Failed to load ONNX model: .*cut\.onnx/);
  const odd = onnxModel({
    inputs: [{ name: 'x', type: 'FP32', shape: [1] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [1] }],
    nodes: [{ op: 'NoSuchOperator', inputs: ['x'], outputs: ['y'] }],
  });
  await refused(
    onnx.load('r', onnx.write('odd.onnx', odd)),
    13,
    /^Failed to load ONNX model: .*odd\.onnx.*NoSuchOperator/,
  );
  await refused(
    onnx.load('r', join(onnx.folder, 'nowhere')),
    3,
    /^Failed to load ONNX model: .*nowhere: there is no such file$/,
  );
  onnx.write('several/a.onnx', odd);
  onnx.write('several/b.onnx', odd);
  await refused(
    onnx.load('r', join(onnx.folder, 'several')),
    3,
    /there are several \.onnx files in it, and none is model\.onnx: a\.onnx, b\.onnx$/,
  );
  mkdirSync(join(onnx.folder, 'bare'));
  await refused(onnx.load('r', join(onnx.folder, 'bare')), 3, /bare: there is no \.onnx file in it$/);
  await refused(
    onnx.runtime.loadModel({ modelId: 'r', modelPath: rubbish, modelKey: '{' }),
    3,
    /the model key is not as it should be/,
  );
  await refused(onnx.inference.modelReady({ name: 'r' }), 5, /^Model 'r' is not loaded$/);
  assert.equal((await onnx.inference.serverLive({})).live, true);
});

test('a schema that does not agree with the model is refused, and one that does is not', async () => {
  const model = onnx.write('schema.onnx', identityModel('FP32'));
  const schema = (name: string, datatype: string) =>
    onnx.write(
      '_schema.json',
      JSON.stringify({
        inputs: [{ name, datatype, shape: [1] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
      }),
    );
  await refused(
    onnx.load('s', model, { schema_path: schema('x', 'INT8') }),
    3,
    /schema\.onnx: input 'x' is FP32, and INT8 in the schema$/,
  );
  await refused(
    onnx.load('s', model, { schema_path: join(onnx.folder, 'none.json') }),
    3,
    /none\.json: there is no such file$/,
  );
  await onnx.load('s', model, { schema_path: schema('x', 'FP32'), disk_size_bytes: 1 });
});

test('a load that is cancelled leaves no model behind', async () => {
  const gone = new AbortController();
  const path = onnx.write('cancelled.onnx', identityModel('FP32'));
  const loading = onnx.runtime.loadModel({ modelId: 'c', modelPath: path }, { signal: gone.signal });
  gone.abort();
  await assert.rejects(loading, { name: 'AbortError' });
  await onnx.runtime.unloadModel({ modelId: 'c' });
  await refused(onnx.inference.modelReady({ name: 'c' }), 5, /not loaded/);
});

test('an unload waits for calls that run, and may be repeated; a load after it starts again', async () => {
  const path = onnx.write('busy.onnx', identityModel('FP32', ['n']));
  await onnx.load('busy', path);
  const raw = Buffer.alloc(4 * 250_000, 1);
  const request = {
    modelName: 'busy',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [250_000] }],
    rawInputContents: [raw],
  };
  const calls = Array.from({ length: 20 }, () =>
    onnx.inference.modelInfer(request).then(
      () => 'done',
      (error: { readonly code: number }) => error.code,
    ),
  );
  await Promise.any(calls);
  await Promise.all([onnx.runtime.unloadModel({ modelId: 'busy' }), onnx.runtime.unloadModel({ modelId: 'busy' })]);
  // Each came before the unload, or after it.
  const ends = new Set(await Promise.all(calls));
  assert.deepEqual(
    [...ends].filter((end) => end !== 'done' && end !== 5),
    [],
  );
  await onnx.runtime.unloadModel({ modelId: 'busy' });
  await refused(onnx.inference.modelInfer(request), 5, /not loaded/);
  await onnx.load('busy', path);
  assert.equal((await onnx.inference.modelReady({ name: 'busy' })).ready, true);
});

test('the status is READY only after every model is gone', async () => {
  await onnx.load('purged', onnx.write('purged.onnx', identityModel('FP32')));
  const status = await onnx.runtime.runtimeStatus({});
  assert.deepEqual(status, {
    status: 1,
    capacityInBytes: 536_870_912n,
    maxLoadingConcurrency: 2,
    modelLoadingTimeoutMs: 30_000,
    defaultModelSizeInBytes: 1_000_000n,
    runtimeVersion: '1.30.0',
    numericRuntimeVersion: 0n,
    methodInfos: Object.fromEntries(
      ['ModelInfer', 'ModelMetadata', 'ModelReady'].map((method) => [
        `inference.GRPCInferenceService/${method}`,
        { idInjectionPath: [1] },
      ]),
    ),
    limitModelConcurrency: false,
    allowAnyMethod: false,
  });
  await refused(onnx.inference.modelReady({ name: 'purged' }), 5, /not loaded/);
});
