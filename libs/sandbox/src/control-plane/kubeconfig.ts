import { renameSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { base64File, type ClientFiles } from '../certificates/cluster-files.ts';

export type KubeconfigUser =
  | { readonly kind: 'certificate'; readonly files: ClientFiles }
  | { readonly kind: 'token'; readonly token: string };

export type KubeconfigContent = {
  readonly url: string;
  readonly caFile: string;
  readonly user: KubeconfigUser;
  /** The namespace that `kubectl` uses when none is named. */
  readonly namespace?: string;
};

/** Writes a kubeconfig with everything embedded: it works from any folder. Readable by its owner only. */
export function writeKubeconfig(file: string, content: KubeconfigContent): void {
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'sandbox',
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'sandbox', ...namespaceOf(content) } }],
    clusters: [
      { name: 'sandbox', cluster: { server: content.url, 'certificate-authority-data': base64File(content.caFile) } },
    ],
    users: [{ name: 'sandbox', user: userEntry(content.user) }],
  });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function namespaceOf(content: KubeconfigContent): { readonly namespace?: string } {
  return content.namespace === undefined ? {} : { namespace: content.namespace };
}

function userEntry(user: KubeconfigUser): Readonly<Record<string, string>> {
  if (user.kind === 'token') return { token: user.token };
  const { certificateFile, keyFile } = user.files;
  return { 'client-certificate-data': base64File(certificateFile), 'client-key-data': base64File(keyFile) };
}
