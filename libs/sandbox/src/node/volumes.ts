import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { orUndefined, type KubeTransport } from '@meshkeeper/kubernetes';
import type { Container, KeyToPath, Pod, Volume } from '../kube/objects.ts';
import type { KeyValues, LookUp } from './environment.ts';
import type { Mount } from './rewrite.ts';

/** Made by the controller while pods start already: until they are there, the folder is empty. */
const MAY_COME_LATER = ['tc-config', 'storage-config'];

/** Reads Secrets and ConfigMaps of one namespace; values come decoded (bytes as latin1, so that none is lost). */
export function lookUpIn(client: KubeTransport, namespace: string): LookUp {
  return async (kind, name) => {
    type Source = { readonly data?: Record<string, string>; readonly binaryData?: Record<string, string> };
    const path = `/api/v1/namespaces/${namespace}/${kind}/${name}`;
    const found = await orUndefined(client.call<Source>({ method: 'GET', path }));
    if (found === undefined) return undefined;
    const decode = (text: string): string => Buffer.from(text, 'base64').toString('latin1');
    const plain = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
    const data = mapValues(found.data ?? {}, kind === 'secrets' ? decode : plain);
    return { ...data, ...mapValues(found.binaryData ?? {}, decode) };
  };
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Whether a claim of one namespace is there. */
export type ClaimCheck = (name: string) => Promise<boolean>;

export function claimsIn(client: KubeTransport, namespace: string): ClaimCheck {
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  return async (name) => (await orUndefined(client.call({ method: 'GET', path: `${path}/${name}` }))) !== undefined;
}

export type VolumeFolders = {
  /** `<pod>/volumes`: each volume is a folder in it. */
  readonly volumes: string;
  /** Claims outlive pods; each is `<claims>/<namespace>_<claim>`. */
  readonly claims: string;
  /** `<pod>/parents`: in it, for a folder that only holds mounts, one with links to what is mounted. */
  readonly parents: string;
};

/** Where a volume's content lies. */
export function volumeFolder(volume: Volume, namespace: string, folders: VolumeFolders): string {
  if (volume.hostPath !== undefined) return volume.hostPath.path;
  if (volume.persistentVolumeClaim !== undefined)
    return join(folders.claims, `${namespace}_${volume.persistentVolumeClaim.claimName}`);
  return join(folders.volumes, volume.name);
}

/**
 * Brings all volumes of a Pod up to date on disk.
 * @returns sentences about what is missing; `waitFor` has those that the Pod cannot start without.
 */
export async function writeVolumes(
  pod: Pod,
  folders: VolumeFolders,
  lookUp: LookUp,
  claimExists: ClaimCheck,
): Promise<{ readonly waitFor: readonly string[]; readonly empty: readonly string[] }> {
  const waitFor: string[] = [];
  const empty: string[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && !(await claimExists(claim))) {
      waitFor.push(`persistentvolumeclaim "${claim}" not found`);
      continue;
    }
    const folder = volumeFolder(volume, pod.metadata.namespace, folders);
    await mkdir(folder, { recursive: true });
    const source = contentOf(volume);
    if (source === undefined) continue;
    const content = await lookUp(source.kind, source.name);
    await writeContent(folder, content, source.items);
    if (content !== undefined || source.optional) continue;
    const sentence = `${source.kind === 'secrets' ? 'Secret' : 'ConfigMap'} ${source.name} of volume ${volume.name} is not there`;
    (MAY_COME_LATER.includes(source.name) ? empty : waitFor).push(sentence);
  }
  return { waitFor, empty };
}

type Source = {
  readonly kind: 'secrets' | 'configmaps';
  readonly name: string;
  readonly optional: boolean;
  readonly items?: readonly KeyToPath[];
};

function contentOf(volume: Volume): Source | undefined {
  const { secret, configMap } = volume;
  const from = secret ?? configMap;
  if (from === undefined) return undefined;
  const items = from.items === undefined ? {} : { items: from.items };
  const optional = from.optional ?? false;
  if (secret !== undefined) return { kind: 'secrets', name: secret.secretName ?? '', optional, ...items };
  return { kind: 'configmaps', name: configMap?.name ?? '', optional, ...items };
}

/** Files that changed are replaced whole, those whose key is gone are removed; an unchanged file is not touched. */
async function writeContent(
  folder: string,
  content: KeyValues,
  items: readonly KeyToPath[] | undefined,
): Promise<void> {
  const paths = items ?? Object.keys(content ?? {}).map((key) => ({ key, path: key }));
  const wanted = new Map(
    paths.flatMap(({ key, path }) => (content?.[key] === undefined ? [] : [[path, content[key]] as const])),
  );
  for (const [path, text] of wanted) await replaceFile(join(folder, path), Buffer.from(text, 'latin1'));
  if (items !== undefined) return;
  for (const name of await readdir(folder))
    if (!wanted.has(name)) await rm(join(folder, name), { recursive: true, force: true });
}

async function replaceFile(file: string, bytes: Buffer): Promise<void> {
  const present = await readFile(file).catch(() => undefined);
  if (present?.equals(bytes) === true) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, bytes, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The mounts of one container: what its paths really are. */
export function mountsOf(pod: Pod, container: Container, folders: VolumeFolders): readonly Mount[] {
  return (container.volumeMounts ?? []).flatMap((mount) => {
    const volume = pod.spec.volumes?.find((each) => each.name === mount.name);
    if (volume === undefined) return [];
    return [
      {
        mountPath: mount.mountPath,
        folder: join(volumeFolder(volume, pod.metadata.namespace, folders), mount.subPath ?? ''),
      },
    ];
  });
}

/** The folders right above mounts, as a program may be given one and find what is mounted in it: `/pvc_mounts`. */
export function parentsOf(mounts: readonly Mount[], parents: string): readonly Mount[] {
  const paths = [...new Set(mounts.map(({ mountPath }) => dirname(mountPath)))].filter((path) => path !== '/');
  return paths.map((path) => ({ mountPath: path, folder: join(parents, path) }));
}

/** Makes those folders, with their links. */
export async function linkParents(pod: Pod, folders: VolumeFolders): Promise<void> {
  const mounts = pod.spec.containers.flatMap((container) => mountsOf(pod, container, folders));
  for (const { mountPath, folder } of parentsOf(mounts, folders.parents)) {
    await mkdir(folder, { recursive: true });
    for (const mount of mounts.filter((each) => dirname(each.mountPath) === mountPath))
      await symlink(mount.folder, join(folder, basename(mount.mountPath))).catch(() => {});
  }
}
