import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { entriesOf, isFolder, link, linkAll, type Entry } from '../layout/model-files.ts';
import { largestVersion } from '../layout/versions.ts';
import type { LocalModel } from '../adapter/model-server.ts';
import { generatedConfig, rewrittenConfig } from './config.ts';

const CONFIG = 'config.pbtxt';
const run = promisify(execFile);

/** What Triton expects a model of each type to be called; a folder without a name is the version's folder itself. */
const NAMES: Readonly<Record<string, { readonly file: string; readonly folder: string | undefined }>> = {
  tensorflow: { file: 'model.graphdef', folder: 'model.savedmodel' },
  keras: { file: 'model.graphdef', folder: 'model.savedmodel' },
  onnx: { file: 'model.onnx', folder: 'model.onnx' },
  pytorch: { file: 'model.pt', folder: undefined },
  tensorrt: { file: 'model.plan', folder: undefined },
};

/** Lays a model out as `<target>/<version>/<name>`, with `config.pbtxt` where there is something to say in it. */
export async function layOutForTriton(model: LocalModel, target: string, kerasConverter: string): Promise<void> {
  const path = await converted(model, kerasConverter);
  const folder = await isFolder(path);
  const entries = folder ? await entriesOf(path) : [];
  if (entries.some(({ name }) => name === CONFIG)) return linkNative(path, target, model);
  const { schema, type } = model;
  if (!folder) await link(path, join(target, '1', NAMES[type]?.file ?? basename(path)));
  else await linkFolder({ path, entries }, target, type);
  if (schema !== undefined) await writeFile(join(target, CONFIG), generatedConfig(type, schema));
}

async function linkNative(path: string, target: string, { schema }: LocalModel): Promise<void> {
  const config = rewrittenConfig(await readFile(join(path, CONFIG), 'utf8'), schema);
  await linkAll(path, target, CONFIG);
  await writeFile(join(target, CONFIG), config);
}

type Folder = { readonly path: string; readonly entries: readonly Entry[] };

async function linkFolder({ path, entries }: Folder, target: string, type: string): Promise<void> {
  const version = largestVersion(entries.filter((entry) => entry.isFolder).map(({ name }) => name));
  const versioned = version === undefined ? path : join(path, version);
  const parts = version === undefined ? entries : await entriesOf(versioned);
  const source = lonePart({ path: versioned, entries: parts }, type);
  const names = NAMES[type];
  const name = (await isFolder(source)) ? names?.folder : (names?.file ?? basename(source));
  const place = join(target, version ?? '1');
  await link(source, name === undefined ? place : join(place, name));
}

/** A model of a known type that is alone in its folder is that one entry; a SavedModel may have no more than its graph. */
function lonePart({ path, entries }: Folder, type: string): string {
  const [only] = entries;
  const isPart = entries.length === 1 && NAMES[type] !== undefined && only?.name !== 'saved_model.pb';
  return isPart && only !== undefined ? join(path, only.name) : path;
}

/** A Keras file becomes a SavedModel beside it. @throws Error saying what to do where nothing can convert it */
async function converted({ type, path }: LocalModel, converter: string): Promise<string> {
  if (type !== 'keras' || !path.endsWith('.h5') || (await isFolder(path))) return path;
  const folder = join(dirname(path), 'keras');
  await mkdir(folder, { recursive: true });
  await run('python', [converter, path, join(folder, 'model.savedmodel')]).catch((error: unknown) => {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    const reason = stderr.trim().split('\n').at(-1) || message;
    throw new Error(`The Keras file could not be converted: ${reason}; store it as a SavedModel instead`, {
      cause: error,
    });
  });
  await rm(path);
  return folder;
}
