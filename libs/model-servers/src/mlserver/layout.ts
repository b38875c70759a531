import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join, relative } from 'node:path';
import { entriesOf, isFolder, link, linkAll } from '../layout/model-files.ts';
import type { LocalModel } from '../adapter/model-server.ts';
import { generatedSettings, rewrittenSettings } from './model-settings.ts';

const SETTINGS = 'model-settings.json';

/** Lays a model out as a folder with `model-settings.json` and a link to the model. */
export async function layOutForMlserver(model: LocalModel, target: string): Promise<void> {
  const { path, id, type, schema } = model;
  const folder = await isFolder(path);
  if (folder && (await entriesOf(path)).some(({ name }) => name === SETTINGS)) {
    const text = await readFile(join(path, SETTINGS), 'utf8');
    await linkAll(path, target, SETTINGS);
    const within = (uri: string): string => join(target, isAbsolute(uri) ? relative(path, uri) : uri);
    return writeFile(join(target, SETTINGS), rewrittenSettings(text, { id, schema, within }));
  }
  const uri = join(target, basename(path));
  await mkdir(target, { recursive: true });
  await link(path, uri);
  await writeFile(join(target, SETTINGS), generatedSettings({ id, type, schema, uri }));
}
