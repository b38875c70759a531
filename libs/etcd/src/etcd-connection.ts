import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { CallError } from '@meshkeeper/domain/call-error';

/** PEM texts. Without `ca` the system's authorities hold. */
export type EtcdTls = {
  readonly ca: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  /** The name that the server's certificate must carry, when it is not the endpoint's. */
  readonly overrideAuthority: string | undefined;
};

export type EtcdConnection = {
  /** `host:port`, at least one. */
  readonly endpoints: readonly string[];
  /** Prepended to keys as it is; may be empty. */
  readonly rootPrefix: string;
  readonly user: { readonly name: string; readonly password: string } | undefined;
  readonly tls: EtcdTls | undefined;
};

const documentSchema = z.object({
  endpoints: z.string().min(1),
  userid: z.string().optional(),
  password: z.string().optional(),
  root_prefix: z.string().default(''),
  tls_mode: z.enum(['TLS', 'PLAINTEXT', 'AUTO']).default('AUTO'),
  certificate: z.string().optional(),
  certificate_file: z.string().optional(),
  client_certificate: z.string().optional(),
  client_certificate_file: z.string().optional(),
  client_key: z.string().optional(),
  client_key_file: z.string().optional(),
  override_authority: z.string().optional(),
});

type Document = z.output<typeof documentSchema>;

function refuse(message: string, cause?: unknown): never {
  throw new CallError('Terminal', message, { cause, code: 'INVALID_ETCD_CONNECTION' });
}

/**
 * The JSON under key `etcd_connection` of the Secret. `folder` is what its `*_file` properties are relative to.
 * Messages name properties and never repeat a value: it may be a password.
 * @throws CallError Terminal when it is malformed or names files that cannot be read.
 */
export function parseEtcdConnection(json: string, folder?: string): EtcdConnection {
  const document = parseDocument(json);
  const read = (inline: string | undefined, file: string | undefined) =>
    file === undefined ? inline : readPem(file, folder);
  const tls = {
    ca: read(document.certificate, document.certificate_file),
    clientCertificate: read(document.client_certificate, document.client_certificate_file),
    clientKey: read(document.client_key, document.client_key_file),
    overrideAuthority: document.override_authority,
  };
  if ((tls.clientCertificate === undefined) !== (tls.clientKey === undefined)) {
    refuse('The etcd connection needs both or neither of client_certificate and client_key');
  }
  const name = document.userid;
  return {
    ...splitEndpoints(document.endpoints, document.tls_mode, tls),
    rootPrefix: document.root_prefix,
    user: name === undefined || name === '' ? undefined : { name, password: document.password ?? '' },
  };
}

function parseDocument(json: string): Document {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's own message quotes the text.
    refuse('The etcd connection is not JSON');
  }
  const result = documentSchema.safeParse(value);
  if (result.success) return result.data;
  return refuse(
    `The etcd connection is malformed at ${result.error.issues.map((issue) => issue.path.join('.') || 'its top').join(', ')}`,
  );
}

function readPem(file: string, folder: string | undefined): string {
  if (folder === undefined)
    refuse(`The etcd connection names the file ${file}, which cannot be read here: embed it instead`);
  try {
    return readFileSync(resolve(folder, file), 'utf8');
  } catch (error) {
    return refuse(`The etcd connection names the file ${file}, which cannot be read`, error);
  }
}

/** TLS holds when the first endpoint is https, or has no scheme and there are certificates; as etcd-java decides. */
function splitEndpoints(
  text: string,
  mode: Document['tls_mode'],
  tls: EtcdTls,
): Pick<EtcdConnection, 'endpoints' | 'tls'> {
  const urls = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const first = urls[0] ?? refuse('The etcd connection has no endpoints');
  const schemeless = !first.includes('://');
  const automatic = first.startsWith('https://') || (schemeless && (tls.ca ?? tls.clientCertificate) !== undefined);
  const secure = mode === 'AUTO' ? automatic : mode === 'TLS';
  return { endpoints: urls.map(withoutScheme), tls: secure ? tls : undefined };
}

function withoutScheme(url: string): string {
  const bare = url.replace(/^[a-z]+:\/\//, '').replace(/\/+$/, '');
  return /:\d+$/.test(bare) ? bare : `${bare}:2379`;
}

/**
 * The value of KV_STORE: `etcd:<path of the JSON>`, or the short form `etcd:ep1,ep2;rootPrefix=x`, the `etcd:` of which may
 * be left out.
 * @throws CallError Terminal
 */
export function readKvStore(kvStore: string): EtcdConnection {
  const rest = kvStore.replace(/^etcd:/, '');
  if (rest.startsWith('/') || existsSync(rest)) return readConnectionFile(rest);
  const [endpoints = '', ...properties] = rest.split(';');
  const settings = Object.fromEntries(properties.map((property) => property.split('=', 2)));
  return parseEtcdConnection(JSON.stringify({ endpoints, root_prefix: settings['rootPrefix'] ?? '' }));
}

function readConnectionFile(path: string): EtcdConnection {
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (error) {
    return refuse(`The etcd connection ${path} cannot be read`, error);
  }
  return parseEtcdConnection(json, dirname(path));
}
