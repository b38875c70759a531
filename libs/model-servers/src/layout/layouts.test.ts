import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { layOutForMlserver } from '../mlserver/layout.ts';
import type { LocalModel } from '../adapter/model-server.ts';
import { layOutForOvms } from '../ovms/server.ts';
import { archiveName, layOutForTorchserve } from '../torchserve/layout.ts';
import { layOutForTriton } from '../triton/layout.ts';

const scratch = mkdtempSync(join(tmpdir(), 'layouts-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let made = 0;

/** Files by their paths; a lone file is given as `''`. */
type Files = Readonly<Record<string, string>>;

function modelOf(type: string, files: Files, more: Partial<LocalModel> = {}): LocalModel {
  const path = join(scratch, String(made++), 'source', 'model.bin');
  for (const [name, text] of Object.entries(files)) {
    const file = name === '' ? path : join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return { id: 'm1', type, path, schema: undefined, ...more };
}

/** What lies in a folder: links as where they lead within the model, files by their content. */
function laidOut(folder: string, model: LocalModel, within = ''): Readonly<Record<string, string>> {
  const entries = readdirSync(join(folder, within), { withFileTypes: true }).map((entry) => {
    const name = join(within, entry.name);
    const path = join(folder, name);
    if (entry.isSymbolicLink()) return { [name]: `-> ${readlinkSync(path).slice(model.path.length)}` };
    return entry.isFile() ? { [name]: readFileSync(path, 'utf8') } : laidOut(folder, model, name);
  });
  return Object.assign({}, ...entries) as Readonly<Record<string, string>>;
}

const target = (): string => join(scratch, String(made++), 'target');

type Case = {
  readonly rule: string;
  readonly type: string;
  readonly files: Files;
  readonly wants: Readonly<Record<string, string>>;
};

const triton: readonly Case[] = [
  {
    rule: 'a file of a known type is linked by the name of its type',
    type: 'onnx',
    files: { '': '' },
    wants: { '1/model.onnx': '-> ' },
  },
  { rule: 'a file of another type keeps its name', type: 'fil', files: { '': '' }, wants: { '1/model.bin': '-> ' } },
  {
    rule: 'the largest version folder is the one that is linked, under its number',
    type: 'tensorflow',
    files: { '1/saved_model.pb': '', '12/saved_model.pb': '', '12/variables/v': '' },
    wants: { '12/model.savedmodel': '-> /12' },
  },
  {
    rule: 'a lone entry of a known type is the model',
    type: 'pytorch',
    files: { 'net.pt': '' },
    wants: { '1/model.pt': '-> /net.pt' },
  },
  {
    rule: 'a SavedModel that is its graph alone stays a folder',
    type: 'tensorflow',
    files: { 'saved_model.pb': '' },
    wants: { '1/model.savedmodel': '-> ' },
  },
  {
    rule: 'a schema in the folder does not count as an entry',
    type: 'onnx',
    files: { 'net.onnx': '', '_schema.json': '{}' },
    wants: { '1/model.onnx': '-> /net.onnx' },
  },
  {
    rule: 'a folder of another type is the version itself',
    type: 'python',
    files: { 'model.py': '', 'x.txt': '' },
    wants: { '1': '-> ' },
  },
  {
    rule: 'a folder with a configuration of its own is linked entry by entry',
    type: 'onnx',
    files: { 'config.pbtxt': 'name: "a"\nbackend: "b"\n', '1/model.onnx': '' },
    wants: { '1': '-> /1', 'config.pbtxt': 'backend: "b"\n' },
  },
];

for (const { rule, type, files, wants } of triton)
  test(`Triton: ${rule}`, async () => {
    const [model, folder] = [modelOf(type, files), target()];
    await layOutForTriton(model, folder, '/no/converter');
    assert.deepEqual(laidOut(folder, model), wants);
  });

test('Triton: a Keras file that nothing can convert is refused with what to do instead', async () => {
  const model = modelOf('keras', { 'm.h5': '' });
  await assert.rejects(layOutForTriton({ ...model, path: join(model.path, 'm.h5') }, target(), '/no/converter'), {
    message: /^The Keras file could not be converted: .*; store it as a SavedModel instead$/,
  });
});

test('MLServer: a model without settings gets some, with a link beside them', async () => {
  const schema = { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }] };
  const [model, folder] = [modelOf('sklearn', { '': '' }, { schema }), target()];
  await layOutForMlserver(model, folder);
  const settings = {
    implementation: 'mlserver_sklearn.SKLearnModel',
    inputs: [{ datatype: 'FP32', name: 'x', shape: [-1, 2] }],
    name: 'm1',
    parameters: { uri: join(folder, 'model.bin') },
  };
  assert.deepEqual(laidOut(folder, model), {
    'model.bin': '-> ',
    'model-settings.json': JSON.stringify(settings, undefined, 2),
  });
});

test('MLServer: settings of its own get the id, and a path that is right here', async () => {
  const own = { name: 'mine', implementation: 'a.B', parameters: { uri: './net.bin', version: '1' } };
  const files = { 'model-settings.json': JSON.stringify(own), 'net.bin': '' };
  const [model, folder] = [modelOf('sklearn', files), target()];
  await layOutForMlserver(model, folder);
  const { 'model-settings.json': text = '', ...links } = laidOut(folder, model);
  assert.deepEqual(links, { 'net.bin': '-> /net.bin' });
  assert.deepEqual(JSON.parse(text), {
    ...own,
    name: 'm1',
    parameters: { uri: join(folder, 'net.bin'), version: '1' },
  });
});

test('MLServer: settings that are no JSON pass through, for the server to judge', async () => {
  const [model, folder] = [modelOf('sklearn', { 'model-settings.json': '{' }), target()];
  await layOutForMlserver(model, folder);
  assert.deepEqual(laidOut(folder, model), { 'model-settings.json': '{' });
});

test('OVMS: a file lies in version 1, a folder is linked as a version', async () => {
  const [onnx, folders] = [modelOf('onnx', { '': '' }), modelOf('openvino_ir', { '2/m.xml': '', '3/m.xml': '' })];
  const targets = [target(), target()] as const;
  await layOutForOvms(onnx, targets[0]);
  await layOutForOvms(folders, targets[1]);
  assert.deepEqual(
    [laidOut(targets[0], onnx), laidOut(targets[1], folders)],
    [{ '1/model.onnx': '-> ' }, { 3: '-> /3' }],
  );
});

test('TorchServe: an archive is linked under a name that no other id has, and a folder is refused', async () => {
  assert.deepEqual(['a', 'a/b', String.raw`a\_b`].map(archiveName), [
    'a.mar',
    String.raw`a\_b.mar`,
    String.raw`a\\_b.mar`,
  ]);
  const model = modelOf('pytorch-mar', { '': '' });
  const link = join(scratch, archiveName('m1'));
  await layOutForTorchserve(model, link);
  assert.ok(statSync(link).isFile());
  const folder = modelOf('pytorch-mar', { a: '' });
  await assert.rejects(layOutForTorchserve(folder, join(scratch, 'x.mar')), {
    message: `Model path is a directory, must be a MAR file: ${folder.path}`,
  });
});

test('a missing model is reported in the words of the original', async () => {
  const model = { ...modelOf('onnx', {}), path: '/no/such/model' };
  await assert.rejects(layOutForTriton(model, target(), ''), { message: /^Error calling stat on model file: ENOENT/ });
});
