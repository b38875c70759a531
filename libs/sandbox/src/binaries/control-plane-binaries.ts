import { buildControlPlane } from './build-control-plane.ts';
import type { BuildProgress } from './go-build.ts';
import { binariesIn, cacheFolder, missingAssets, missingBuilt, type ControlPlaneBinaries } from './paths.ts';

let found: Promise<ControlPlaneBinaries> | undefined;

/**
 * The programs of the control plane: those of KUBEBUILDER_ASSETS when it is set, else those built before, else they are
 * built now (minutes; `progress` hears of it). Asked once per process.
 * @throws Error with one sentence when a program is missing in KUBEBUILDER_ASSETS, or when building is not possible.
 */
export function controlPlaneBinaries(progress: BuildProgress = () => {}): Promise<ControlPlaneBinaries> {
  found ??= locate(progress).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

/** The programs when they can be had without building; undefined otherwise. */
export function findBinaries(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ControlPlaneBinaries | undefined {
  const assets = env['KUBEBUILDER_ASSETS'];
  const given = assets !== undefined && assets !== '';
  const folder = given ? assets : cacheFolder(env);
  const missing = given ? missingAssets(folder) : missingBuilt(folder);
  if (missing.length === 0) return binariesIn(folder);
  if (!given) return undefined;
  throw new Error(
    `KUBEBUILDER_ASSETS is set to ${folder}, which lacks ${missing.join(' and ')}; add what is missing, or unset it to have everything built.`,
  );
}

async function locate(progress: BuildProgress): Promise<ControlPlaneBinaries> {
  const ready = findBinaries();
  if (ready !== undefined) return ready;
  const folder = cacheFolder(process.env);
  await buildControlPlane(folder, progress);
  return binariesIn(folder);
}
