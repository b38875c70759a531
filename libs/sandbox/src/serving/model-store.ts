import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeTransport } from '@meshkeeper/kubernetes';
import { APPLIED, APPLY_PATCH } from '../kube/open-cluster.ts';
import { startObjectStore } from '../object-stores/object-store.ts';
import type { ClusterInput } from '../sandbox/cluster.ts';
import { supervise, type SupervisedProcess } from '../supervised.ts';

const run = promisify(execFile);

export const BUCKET = 'modelmesh-example-models';
/** Known to everybody, for a store that listens on this machine alone. */
const ACCOUNT = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const STORAGE_SECRET = 'storage-config';

/** The sandbox's own S3: a folder for each bucket, so that `cp` puts a model in. */
export async function startModelStore(input: ClusterInput): Promise<SupervisedProcess> {
  const { paths, ports, parts, log } = input;
  const folder = paths.objectStore;
  mkdirSync(join(folder, BUCKET), { recursive: true });
  const logFile = join(paths.logs, 'object-store.log');
  mkdirSync(paths.logs, { recursive: true });
  const options = { folder, port: ports.objectStore, logFile, recordFolder: paths.records, ...ACCOUNT };
  return parts.keep('Kubernetes and Redis', () =>
    supervise({
      name: 'object-store',
      url: url(ports.objectStore),
      logFile,
      start: () => startObjectStore(options),
      log,
    }),
  );
}

/** Puts the sample models there, where they are not yet. `mlserver` is the virtual environment that can make its own. */
export async function fillModelStore(folder: string, root: string, mlserver: string | undefined): Promise<void> {
  const models = join(root, 'examples', 'models');
  const place = (name: string): string => {
    const file = join(folder, BUCKET, name);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  const onnx = place('onnx/digits.onnx');
  if (!existsSync(onnx)) cpSync(join(models, 'digits.onnx'), onnx);
  const joblib = place('sklearn/digits.joblib');
  // A pickled model fits the library that reads it: it is made by that one.
  if (mlserver !== undefined && !existsSync(joblib))
    await run(join(mlserver, 'bin', 'python'), [join(models, 'make-digits.py'), joblib]);
}

/** Says where the store is, in the key that the samples name; other keys of the Secret are the user's. */
export async function writeStorageSecret(client: KubeTransport, namespace: string, port: number): Promise<void> {
  const localMinIO = JSON.stringify({
    type: 's3',
    access_key_id: ACCOUNT.accessKeyId,
    secret_access_key: ACCOUNT.secretAccessKey,
    endpoint_url: url(port),
    bucket: BUCKET,
    region: 'us-east-1',
  });
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: STORAGE_SECRET, namespace },
    stringData: { localMinIO },
  };
  const path = `/api/v1/namespaces/${namespace}/secrets/${STORAGE_SECRET}`;
  await client.call({ method: 'PATCH', path, query: APPLIED, contentType: APPLY_PATCH, body });
}

function url(port: number): string {
  return `http://127.0.0.1:${port}`;
}
