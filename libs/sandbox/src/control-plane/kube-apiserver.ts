import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { stringify } from 'yaml';
import type { ClusterFiles } from '../certificates/cluster-files.ts';
import { startProcess, type ManagedProcess } from '../managed-process.ts';

export type KubeApiOptions = {
  readonly binary: string;
  /** For logs, the audit log and its policy. */
  readonly folder: string;
  readonly files: ClusterFiles;
  readonly port: number;
  readonly etcdEndpoint: string;
  /** Writes `<folder>/audit.jsonl`. */
  readonly audit: boolean;
  readonly recordFolder?: string;
};

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/**
 * Every write is logged with who, what and when, once, when it is answered; nothing of its content, which may be secret, but what is
 * written into the status of a model.
 */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
  rules: [
    {
      level: 'Request',
      verbs: WRITES,
      resources: [{ group: 'serving.kserve.io', resources: ['inferenceservices/status', 'predictors/status'] }],
    },
    { level: 'Metadata', verbs: WRITES },
    { level: 'None' },
  ],
};

export function auditLogFile(folder: string): string {
  return join(folder, 'audit.jsonl');
}

/**
 * Starts kube-apiserver on 127.0.0.1 and waits for `/readyz`.
 * @throws Error with the end of its log when it does not come up.
 */
export async function startKubeApi(options: KubeApiOptions): Promise<ManagedProcess> {
  mkdirSync(options.folder, { recursive: true });
  const ca = readFileSync(options.files.caFile, 'utf8');
  const cert = readFileSync(options.files.admin.certificateFile, 'utf8');
  const agent = new Agent({ connect: { ca, cert, key: readFileSync(options.files.admin.keyFile, 'utf8') } });
  try {
    return await startProcess({
      name: 'kube-apiserver',
      command: options.binary,
      args: [...serverArgs(options), ...(options.audit ? auditArgs(options.folder) : [])],
      logFile: join(options.folder, 'kube-apiserver.log'),
      ...(options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder }),
      ready: () => isReady(`https://127.0.0.1:${options.port}/readyz`, agent),
      ports: [options.port],
      readyTimeoutMs: 120_000,
      graceMs: 2_000,
    });
  } finally {
    await agent.close();
  }
}

function serverArgs(options: KubeApiOptions): readonly string[] {
  const { files } = options;
  return [
    `--etcd-servers=${options.etcdEndpoint}`,
    `--secure-port=${options.port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // The endpoints of the service `kubernetes` would be a loopback address, which the API refuses.
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/16',
    `--tls-cert-file=${files.serverCertificate}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.caFile}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.accountPublicKey}`,
    `--service-account-signing-key-file=${files.accountPrivateKey}`,
    '--authorization-mode=RBAC',
    // Where logs are read: the node's own address is one that no client can dial.
    '--kubelet-preferred-address-types=ExternalIP',
    `--kubelet-certificate-authority=${files.caFile}`,
    `--kubelet-client-certificate=${files.kubeletClient.certificateFile}`,
    `--kubelet-client-key=${files.kubeletClient.keyFile}`,
    // A stop must not wait for the watches of clients that stop after it.
    '--shutdown-delay-duration=0s',
  ];
}

function auditArgs(folder: string): readonly string[] {
  const policy = join(folder, 'audit-policy.yaml');
  writeFileSync(policy, stringify(AUDIT_POLICY));
  return [
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${auditLogFile(folder)}`,
    '--audit-log-mode=blocking', // an entry is in the file once its request was answered: tests count them
    '--audit-log-maxsize=100',
    '--audit-log-maxbackup=2',
  ];
}

async function isReady(url: string, dispatcher: Agent): Promise<boolean> {
  const answer = await request(url, { dispatcher, headersTimeout: 5_000 });
  await answer.body.dump();
  return answer.statusCode === 200;
}
