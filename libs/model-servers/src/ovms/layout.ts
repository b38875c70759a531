import { basename, join } from 'node:path';
import { entriesOf, isFolder, link } from '../layout/model-files.ts';
import { largestVersion } from '../layout/versions.ts';
import type { LocalModel } from '../adapter/model-server.ts';

/** Lays a model out as `<target>/<version>/…`. A schema is of no use to this server. */
export async function layOutForOvms({ path, type }: LocalModel, target: string): Promise<void> {
  if (!(await isFolder(path))) return link(path, join(target, '1', type === 'onnx' ? 'model.onnx' : basename(path)));
  const folders = (await entriesOf(path)).filter((entry) => entry.isFolder).map(({ name }) => name);
  const version = largestVersion(folders);
  await link(version === undefined ? path : join(path, version), join(target, version ?? '1'));
}
