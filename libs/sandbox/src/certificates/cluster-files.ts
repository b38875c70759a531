import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createAuthority,
  createLeaf,
  createSigningKey,
  type Authority,
  type LeafRequest,
} from '@meshkeeper/certificates';

/** Where the certificates and keys of one control plane lie. */
export type ClusterFiles = {
  readonly caFile: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly accountPublicKey: string;
  readonly accountPrivateKey: string;
  readonly admin: ClientFiles;
  /** The sandbox's node: apart from the administrator, so that the audit log distinguishes them. */
  readonly node: ClientFiles;
  /** What the node shows to the API server that asks it for logs, and what that shows to the node. */
  readonly kubelet: ClientFiles;
  readonly kubeletClient: ClientFiles;
};

export type ClientFiles = { readonly certificateFile: string; readonly keyFile: string };

/** The user name of the sandbox's node at the API server. */
export const NODE_USER = 'system:node:sandbox';

/** Written last: its presence says that all are whole. Another set of files has another name here, and is made again. */
const COMPLETE = 'complete-2';

const LEAVES = {
  server: {
    commonName: 'kube-apiserver',
    usage: 'server',
    hosts: ['127.0.0.1', 'localhost', 'kubernetes.default.svc', '10.0.0.1'],
  },
  admin: { commonName: 'sandbox-admin', organization: 'system:masters', usage: 'client' },
  node: { commonName: NODE_USER, organization: 'system:masters', usage: 'client' },
  kubelet: { commonName: NODE_USER, usage: 'server', hosts: ['127.0.0.1'] },
  'kubelet-client': { commonName: 'kube-apiserver-kubelet-client', usage: 'client' },
} as const satisfies Record<string, LeafRequest>;

/** The files in `folder`; made when they are not there yet, kept when they are. Private keys are readable by the owner only. */
export function clusterFiles(folder: string): ClusterFiles {
  const at = (file: string): string => join(folder, file);
  if (!existsSync(at(COMPLETE))) writeAll(folder);
  const pair = (name: keyof typeof LEAVES): ClientFiles => ({
    certificateFile: at(`${name}.crt`),
    keyFile: at(`${name}.key`),
  });
  return {
    caFile: at('ca.crt'),
    serverCertificate: at('server.crt'),
    serverKey: at('server.key'),
    accountPublicKey: at('accounts.pub'),
    accountPrivateKey: at('accounts.key'),
    admin: pair('admin'),
    node: pair('node'),
    kubelet: pair('kubelet'),
    kubeletClient: pair('kubelet-client'),
  };
}

function writeAll(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text, { mode: 0o600 });
  const now = new Date();
  const authority: Authority = createAuthority('meshkeeper-sandbox', now);
  write('ca.crt', authority.certificate);
  for (const [name, request] of Object.entries(LEAVES)) {
    const leaf = createLeaf(authority, request, now);
    write(`${name}.crt`, leaf.certificate);
    write(`${name}.key`, leaf.key);
  }
  const accounts = createSigningKey();
  write('accounts.pub', accounts.publicKey);
  write('accounts.key', accounts.privateKey);
  write(COMPLETE, '');
}

/** A file's content as base64, as kubeconfig files embed it. */
export function base64File(file: string): string {
  return readFileSync(file).toString('base64');
}
