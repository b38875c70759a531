import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JsonObject, KubeObject } from '@meshkeeper/domain';
import { createWriter, kubeAccess, KubeTransport } from '@meshkeeper/kubernetes';
import { startControlPlane, waitFor } from '@meshkeeper/sandbox';
import { meshkeeper, type Ran } from './bench.ts';

const NEVER = new AbortController().signal;

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../../..');

/** A real API server with our kinds, on which the original controller may have worked. */
export type ClusterBench = {
  /** Applies objects as a user does. */
  apply(...objects: readonly object[]): Promise<void>;
  applyServerSide(...objects: readonly object[]): Promise<void>;
  /** Creates an object as the original controller does. */
  createAsOriginal(object: KubeObject): Promise<void>;
  /** Writes an object as the reconciler does. */
  applyAsMeshkeeper(object: KubeObject): Promise<void>;
  get(path: string): Promise<KubeObject>;
  patchStatus(path: string, status: JsonObject): Promise<void>;
  plan(...args: readonly string[]): Promise<Ran>;
  /** `kubectl meshkeeper …` */
  kubectlPlugin(...args: readonly string[]): Promise<Ran>;
  stop(): Promise<void>;
};

export async function startClusterBench(): Promise<ClusterBench> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-cli-int-'));
  const plane = await startControlPlane({ folder, controllerManager: false, audit: false });
  const { kubeconfig } = plane;
  const transport = new KubeTransport({ access: kubeAccess({ file: kubeconfig }) });
  const kubectl = (...args: readonly string[]) =>
    run(plane.binaries.kubectl, [`--kubeconfig=${kubeconfig}`, `--cache-dir=${join(folder, 'kubectl')}`, ...args]);
  await kubectl('apply', '-f', join(ROOT, 'deploy/crds'));
  await waitFor(async () => (await kubectl('get', 'isvc,predictors,servingruntimes,clusterservingruntimes')) && true, {
    timeoutMs: 30_000,
    what: 'our kinds to be served',
  });
  const apply = async (objects: readonly object[], ...flags: readonly string[]): Promise<void> => {
    const file = join(folder, `${crypto.randomUUID()}.json`);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await kubectl('apply', ...flags, '-f', file);
  };
  return {
    apply: (...objects) => apply(objects),
    applyServerSide: (...objects) => apply(objects, '--server-side'),
    async createAsOriginal(object) {
      const { annotations: _, ...metadata } = object.metadata;
      const path = collectionOf(object);
      await transport.call({ method: 'POST', path, query: { fieldManager: 'manager' }, body: { ...object, metadata } });
    },
    async applyAsMeshkeeper(object) {
      const { name, namespace = '' } = object.metadata;
      const kind =
        object.kind === 'ConfigMap' ? 'typeConstraints' : object.kind === 'Service' ? 'services' : 'deployments';
      const writer = createWriter(transport);
      const live = await writer.read({ kind, namespace, name });
      const { managedFields = [], resourceVersion = '' } = live?.metadata ?? {};
      const position = managedFields.findIndex(({ manager }) => manager === 'manager');
      const adopt = position === -1 ? undefined : { position, manager: 'manager' };
      await writer.apply({ kind, namespace, name }, object, { resourceVersion, adopt }, NEVER);
    },
    get: (path) => transport.call<KubeObject>({ method: 'GET', path }),
    async patchStatus(path, status) {
      const contentType = 'application/merge-patch+json';
      await transport.call({ method: 'PATCH', path: `${path}/status`, contentType, body: { status } });
    },
    plan: (...args) => meshkeeper(['plan', '--kubeconfig', kubeconfig, ...args]),
    async kubectlPlugin(...args) {
      const bin = join(ROOT, 'node_modules/.bin');
      const env = { PATH: `${bin}:${process.env['PATH']}`, KUBECONFIG: kubeconfig };
      const ran = run(plane.binaries.kubectl, ['meshkeeper', ...args], { env });
      return ran.then(
        ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
        ({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }),
      );
    },
    async stop() {
      await transport.stop();
      await plane.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function collectionOf({ apiVersion, kind, metadata }: KubeObject): string {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}/namespaces/${metadata.namespace}/${kind?.toLowerCase()}s`;
}
