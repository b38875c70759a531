import { buildWithGo, type BuildProgress } from './go-build.ts';
import { CONTROL_PLANE_NEED } from './go-toolchain.ts';
import { BUILD_FLAGS, missingBuilt, MODULE_FOLDER } from './paths.ts';

/**
 * Builds etcd, kube-apiserver, kube-controller-manager and kubectl into `target`.
 * @throws Error with one sentence when Go is missing, too old, or the build fails.
 */
export function buildControlPlane(target: string, progress: BuildProgress): Promise<void> {
  const build = {
    name: 'the control plane',
    need: CONTROL_PLANE_NEED,
    moduleFolder: MODULE_FOLDER,
    flags: BUILD_FLAGS,
    packages: ['./cmd/...'],
    missing: missingBuilt,
  };
  return buildWithGo(build, target, progress);
}
