import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Go that Kubernetes 1.36 and the object stores require; an older one fetches it by itself. */
const NEEDED_MINOR = 26;
/** The first Go that can fetch a newer one. */
const OLDEST_MINOR = 21;

/** The two ends of the sentence that is said when there is no fit Go. */
export type GoNeed = {
  /** "… must be built once and Go is not on the PATH" */
  readonly subject: string;
  /** What else than installing Go helps, such as `, or set KUBEBUILDER_ASSETS to a folder`; empty when nothing does. */
  readonly orInstead: { readonly absent: string; readonly tooOld: string };
};

export const CONTROL_PLANE_NEED: GoNeed = {
  subject: 'The Kubernetes control plane',
  orInstead: {
    absent: ', or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager and kubectl',
    tooOld: ', or set KUBEBUILDER_ASSETS',
  },
};

/**
 * The environment for a build with the local Go.
 * @throws Error with one sentence when there is no Go, or one too old to fetch its successor.
 */
export async function goEnvironment(
  env: NodeJS.ProcessEnv,
  need: GoNeed = CONTROL_PLANE_NEED,
): Promise<NodeJS.ProcessEnv> {
  const { subject, orInstead } = need;
  // GOTOOLCHAIN=local: asked inside no module, this names the Go that is installed.
  const version = await run('go', ['env', 'GOVERSION'], { env: { ...env, GOTOOLCHAIN: 'local' }, cwd: '/' }).catch(
    () => {
      throw new Error(
        `${subject} must be built once and Go is not on the PATH: install Go 1.${OLDEST_MINOR} or newer${orInstead.absent}.`,
      );
    },
  );
  const minor = parseGoMinor(version.stdout);
  if (minor === undefined || minor < OLDEST_MINOR) {
    throw new Error(
      `${subject} must be built once and ${version.stdout.trim()} is too old for it: install Go 1.${OLDEST_MINOR} or newer${orInstead.tooOld}.`,
    );
  }
  // Without cgo a build does not depend on whether the machine has a C compiler.
  const pure = { ...env, CGO_ENABLED: '0' };
  return minor < NEEDED_MINOR ? { ...pure, GOTOOLCHAIN: 'auto' } : pure;
}

/** `go1.26.8` gives 26. */
export function parseGoMinor(version: string): number | undefined {
  const match = /^go1\.(\d+)/.exec(version.trim());
  return match === null ? undefined : Number(match[1]);
}
