import { join } from 'node:path';
import { buildCache, contentHash, isExecutable } from './build-cache.ts';
import { COMMON_FLAGS } from './go-build.ts';

/** Absolute paths of the programs of the control plane. */
export type ControlPlaneBinaries = {
  readonly folder: string;
  readonly etcd: string;
  readonly kubeApiserver: string;
  /** Absent only where KUBEBUILDER_ASSETS has none: the folders made for other projects' tests do not. */
  readonly kubeControllerManager?: string;
  readonly kubectl: string;
};

const NEEDED = ['etcd', 'kube-apiserver', 'kubectl'] as const;
const BUILT = [...NEEDED, 'kube-controller-manager'] as const;

export const KUBERNETES_VERSION = '1.36.3';

/** The Go module that pins what is built. */
export const MODULE_FOLDER = join(import.meta.dirname, '..', '..', 'control-plane');

const VERSION_PACKAGE = 'k8s.io/component-base/version';

/** Without the version flags the server calls itself v0.0.0 and clients misjudge what it can do. */
export const BUILD_FLAGS: readonly string[] = [
  ...COMMON_FLAGS,
  '-ldflags',
  [
    '-s -w',
    `-X ${VERSION_PACKAGE}.gitVersion=v${KUBERNETES_VERSION}`,
    `-X ${VERSION_PACKAGE}.gitMajor=${KUBERNETES_VERSION.split('.')[0]}`,
    `-X ${VERSION_PACKAGE}.gitMinor=${KUBERNETES_VERSION.split('.')[1]}`,
  ].join(' '),
];

/** The programs that KUBEBUILDER_ASSETS must have, of those that are not there. */
export function missingAssets(folder: string): readonly string[] {
  return NEEDED.filter((name) => !isExecutable(join(folder, name)));
}

/** The programs that a finished build has, of those that are not there. */
export function missingBuilt(folder: string): readonly string[] {
  return BUILT.filter((name) => !isExecutable(join(folder, name)));
}

export function binariesIn(folder: string): ControlPlaneBinaries {
  const controllerManager = join(folder, 'kube-controller-manager');
  return {
    folder,
    etcd: join(folder, 'etcd'),
    kubeApiserver: join(folder, 'kube-apiserver'),
    ...(isExecutable(controllerManager) ? { kubeControllerManager: controllerManager } : {}),
    kubectl: join(folder, 'kubectl'),
  };
}

/** Where the build for exactly this module, these flags and this platform is kept: `~/.cache/meshkeeper/control-plane/<hash>`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return buildCache(env, 'control-plane', contentHash(MODULE_FOLDER, BUILD_FLAGS));
}
