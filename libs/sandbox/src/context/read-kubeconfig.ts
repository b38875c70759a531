import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { KubeCredentials } from '../kube/kube-client.ts';

const run = promisify(execFile);

type Named<K extends string, T> = { readonly name: string } & { readonly [key in K]?: T };
type ClusterEntry = {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
};
type ExecEntry = {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
};
type UserEntry = {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly exec?: ExecEntry;
};
type Kubeconfig = {
  readonly contexts?: readonly Named<'context', { readonly cluster: string; readonly user: string }>[];
  readonly clusters?: readonly Named<'cluster', ClusterEntry>[];
  readonly users?: readonly Named<'user', UserEntry>[];
};

/** How the cluster of a context is reached, and the file that says so. */
export type ContextCredentials = { readonly file: string; readonly credentials: KubeCredentials };

/**
 * Reads a context from the first file of KUBECONFIG (else `~/.kube/config`) that has it.
 * @throws Error with one sentence when no file has it, or what it names is missing.
 */
export async function readKubeconfig(
  context: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ContextCredentials> {
  const files =
    env['KUBECONFIG'] === undefined || env['KUBECONFIG'] === ''
      ? [join(homedir(), '.kube', 'config')]
      : env['KUBECONFIG'].split(delimiter);
  for (const file of files) {
    const config = parseFile(file);
    const entry = config?.contexts?.find((each) => each.name === context)?.context;
    if (config === undefined || entry === undefined) continue;
    const cluster = config.clusters?.find((each) => each.name === entry.cluster)?.cluster;
    const user = config.users?.find((each) => each.name === entry.user)?.user ?? {};
    if (cluster?.server === undefined)
      throw new Error(`Context ${context} in ${file} names the cluster ${entry.cluster}, which has no server.`);
    return { file, credentials: await credentialsOf(cluster, cluster.server, user, dirname(resolve(file))) };
  }
  throw new Error(`There is no context ${context} in ${files.join(' or ')}.`);
}

function parseFile(file: string): Kubeconfig | undefined {
  try {
    return parse(readFileSync(file, 'utf8')) as Kubeconfig;
  } catch {
    return undefined;
  }
}

async function credentialsOf(
  cluster: ClusterEntry,
  server: string,
  user: UserEntry,
  folder: string,
): Promise<KubeCredentials> {
  const ca = textOf(cluster['certificate-authority-data'], cluster['certificate-authority'], folder);
  return {
    url: server.replace(/\/+$/, ''),
    ...(ca === undefined ? {} : { ca }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
    user: await userOf(user, folder),
  };
}

async function userOf(user: UserEntry, folder: string): Promise<KubeCredentials['user']> {
  const certificate = textOf(user['client-certificate-data'], user['client-certificate'], folder);
  const key = textOf(user['client-key-data'], user['client-key'], folder);
  if (certificate !== undefined && key !== undefined) return { kind: 'certificate', certificate, key };
  const token = user.token ?? textOf(undefined, user.tokenFile, folder)?.trim();
  if (token !== undefined) return { kind: 'token', token };
  return user.exec === undefined ? { kind: 'none' } : fromProgram(user.exec);
}

/** A program such as a cloud's login helper gives the credentials (`client.authentication.k8s.io`). */
async function fromProgram(exec: ExecEntry): Promise<KubeCredentials['user']> {
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const env = {
    ...process.env,
    ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
  type Answer = {
    readonly status?: {
      readonly token?: string;
      readonly clientCertificateData?: string;
      readonly clientKeyData?: string;
    };
  };
  const answer = await run(exec.command, exec.args ?? [], { env }).catch((error: unknown) => {
    throw new Error(
      `The credentials program ${exec.command} of the kubeconfig failed: ${(error as Error).message.split('\n')[0]}`,
      { cause: error },
    );
  });
  const { token, clientCertificateData, clientKeyData } = (JSON.parse(answer.stdout) as Answer).status ?? {};
  if (clientCertificateData !== undefined && clientKeyData !== undefined)
    return { kind: 'certificate', certificate: clientCertificateData, key: clientKeyData };
  return token === undefined ? { kind: 'none' } : { kind: 'token', token };
}

/** Embedded data wins over a file; files are relative to the kubeconfig. */
function textOf(data: string | undefined, file: string | undefined, folder: string): string | undefined {
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  return file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
}
