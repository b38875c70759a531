import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeTransport } from '@meshkeeper/kubernetes';
import { writeKubeconfig } from '../control-plane/kubeconfig.ts';
import { failedWith } from '../kube/open-cluster.ts';

export type AccountOptions = {
  readonly client: KubeTransport;
  /** Of the API server. */
  readonly url: string;
  readonly caFile: string;
  readonly namespace: string;
  readonly account: string;
  /** Where the kubeconfig goes. */
  readonly folder: string;
};

/** Longer than a sandbox lives; every start requests new ones. */
const TOKEN_SECONDS = 365 * 24 * 3_600;

/**
 * Writes a kubeconfig with a fresh token of a service account.
 * @returns its path. @throws Error with one sentence when the account does not exist.
 */
export async function accountKubeconfig(options: AccountOptions): Promise<string> {
  const path = `/api/v1/namespaces/${options.namespace}/serviceaccounts/${options.account}/token`;
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: TOKEN_SECONDS },
  };
  type Answer = { readonly status: { readonly token: string } };
  const answer = await options.client.call<Answer>({ method: 'POST', path, body }).catch((error: unknown) => {
    if (!failedWith(error, 'Gone')) throw error;
    throw new Error(
      `The service account ${options.account} is missing in ${options.namespace}: deploy/rbac should have made it.`,
      { cause: error },
    );
  });
  mkdirSync(options.folder, { recursive: true });
  const file = join(options.folder, `${options.account}.kubeconfig`);
  writeKubeconfig(file, {
    url: options.url,
    caFile: options.caFile,
    user: { kind: 'token', token: answer.status.token },
    namespace: options.namespace,
  });
  return file;
}
