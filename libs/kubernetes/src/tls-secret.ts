import { CallError } from '@meshkeeper/domain';
import type { KubeTransport } from './transport.ts';

type Secret = {
  readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>>;
};

/** PEM; `revision` is another one for each content. */
export type TlsSecret = {
  readonly revision: string;
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
};

const TIMEOUT_MS = 5_000;

/**
 * Keys `tls.crt`, `tls.key` and, where it is there, `ca.crt`: read live and kept nowhere.
 * @throws CallError that names the Secret and repeats none of its content.
 */
export async function readTlsSecret(transport: KubeTransport, namespace: string, name: string): Promise<TlsSecret> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${encodeURIComponent(name)}`;
  const { metadata = {}, data = {} } = await transport
    .call<Secret>({ method: 'GET', path, timeoutMs: TIMEOUT_MS })
    .catch((error: unknown) => {
      throw accessError(name, error);
    });
  const bytes = (key: string): Buffer => Buffer.from(data[key] ?? '', 'base64');
  const [certificate, key, ca] = [bytes('tls.crt'), bytes('tls.key'), bytes('ca.crt')];
  if (certificate.length === 0 || key.length === 0) {
    throw new CallError('Terminal', `TLS secret '${name}' missing tls.crt and/or tls.key`, {
      code: 'TlsSecretInvalid',
    });
  }
  const revision = `${metadata.uid}/${metadata.resourceVersion}`;
  return { revision, certificate, key, ...(ca.length === 0 ? {} : { ca }) };
}

/** A missing Secret may still come. What is no CallError is an answer that could not be read, and may be quoted in its message. */
function accessError(name: string, error: unknown): CallError {
  const text = `unable to access TLS secret '${name}'`;
  if (!(error instanceof CallError)) return new CallError('Transient', `${text}: its answer cannot be read`);
  const { kind, code, message, retryAfterMs } = error;
  if (kind === 'Gone') return new CallError('Transient', `${text}: ${message}`, { code: 'TlsSecretMissing' });
  return new CallError(kind, `${text}: ${message}`, {
    cause: error,
    ...(code === undefined ? {} : { code }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
