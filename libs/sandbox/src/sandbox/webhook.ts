import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { createAuthority, createLeaf } from '@meshkeeper/certificates';
import type { KubeTransport } from '@meshkeeper/kubernetes';
import { APPLIED, APPLY_PATCH, failedWith } from '../kube/open-cluster.ts';

export type ServingAuthority = {
  /** PEM: what the API server is to trust. */
  readonly certificate: string;
  /** Writes a new `tls.crt` and `tls.key` for 127.0.0.1, each in one step. */
  writePair(folder: string): void;
};

/** In the place of cert-manager. Its key lives no longer than this process. */
export function createServingAuthority(): ServingAuthority {
  const authority = createAuthority('meshkeeper-sandbox-webhook', new Date());
  return {
    certificate: authority.certificate,
    writePair(folder) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const leaf = createLeaf(authority, { commonName: 'webhook', usage: 'server', hosts: ['127.0.0.1'] }, new Date());
      writeWhole(join(folder, 'tls.crt'), leaf.certificate);
      writeWhole(join(folder, 'tls.key'), leaf.key);
    },
  };
}

function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Where the webhook of this machine serves, and who signed its certificate. */
export type LocalWebhook = { readonly url: string; readonly authority: string };

type Configuration = {
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly { readonly clientConfig: { readonly service?: { readonly path?: string } } }[];
};

const PATH = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** Registers the configurations of a manifest with a URL in the place of its Service, which nothing here could resolve. */
export async function registerWebhooks(client: KubeTransport, manifest: string, local: LocalWebhook): Promise<void> {
  const caBundle = Buffer.from(local.authority).toString('base64');
  for (const configuration of configurationsIn(manifest)) {
    const webhooks = configuration.webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { url: `${local.url}${webhook.clientConfig.service?.path ?? ''}`, caBundle },
    }));
    const path = `${PATH}/${configuration.metadata.name}`;
    const body = { ...configuration, webhooks };
    await client.call({ method: 'PATCH', path, query: APPLIED, contentType: APPLY_PATCH, body });
  }
}

/** A cluster that resumes still knows the webhook of its former life, and would refuse runtimes until the new one serves. */
export async function forgetWebhooks(client: KubeTransport, manifest: string): Promise<void> {
  for (const { metadata } of configurationsIn(manifest))
    await client.call({ method: 'DELETE', path: `${PATH}/${metadata.name}` }).catch((error: unknown) => {
      if (!failedWith(error, 'Gone')) throw error;
    });
}

function configurationsIn(manifest: string): readonly Configuration[] {
  if (!existsSync(manifest)) return [];
  return parseAllDocuments(readFileSync(manifest, 'utf8')).map((document) => document.toJSON() as Configuration);
}
