import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_MAP_NAME, asObject, messageOf, type KubeObject } from '@meshkeeper/domain';
import { InputError } from './input-error.ts';
import { parseDocuments, parseManifests } from './manifests.ts';
import type { Report } from './problems.ts';

const MANIFEST = /\.(yaml|yml|json)$/;
/** A kustomization file is beside the objects and is not one. */
const KUSTOMIZATION = /^kustomization\.ya?ml$/;

/** The objects of files, of folders (not of those inside), and of standard input for `-`. @throws InputError */
export async function readObjects(
  files: readonly string[],
  stdin: () => Promise<string>,
  report: Report,
): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  for (const file of files) {
    if (file === '-') objects.push(...parseManifests('standard input', await stdin()));
    else for (const each of manifestsIn(file, report)) objects.push(...parseManifests(each, readText(each)));
  }
  return objects;
}

/** `--config`: the ConfigMap, or the content of its `config.yaml`. Either way it is the controller's. @throws InputError */
export function readConfigFile(file: string, ownNamespace: string): KubeObject {
  const metadata = { name: CONFIG_MAP_NAME, namespace: ownNamespace };
  const content = readText(file);
  if (isConfigMap(content)) {
    const [object] = parseManifests(file, content);
    if (object !== undefined) return { ...object, metadata: { ...object.metadata, ...metadata } };
  }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'config.yaml': content } };
}

/** Text that cannot be read is no ConfigMap; decoding it as a configuration reports why. */
function isConfigMap(content: string): boolean {
  try {
    return parseDocuments('', content).some((document) => asObject(document)['kind'] === 'ConfigMap');
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

function manifestsIn(path: string, report: Report): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => MANIFEST.test(name));
    if (names.some((name) => KUSTOMIZATION.test(name)))
      report('note', `the kustomization of ${path} is not applied; for that, pipe kubectl kustomize ${path} into -f -`);
    const manifests = names.filter((name) => !KUSTOMIZATION.test(name));
    return manifests.sort().map((name) => join(path, name));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): InputError {
  return new InputError(`${path} cannot be read: ${messageOf(error)}`);
}
