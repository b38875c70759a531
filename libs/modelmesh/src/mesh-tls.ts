import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';
import { CallError } from '@meshkeeper/domain';

/** What a TLS Secret of the mesh holds, PEM. */
export type TlsMaterial = {
  /** Another one for each content. */
  readonly revision: string;
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** The authority that signed the pods' certificates, where there is one. */
  readonly ca?: Buffer;
};

/** Reads a TLS Secret as it is now. Throws CallError, whose message repeats none of its content. */
export type ReadTls = (secretName: string) => Promise<TlsMaterial>;

/** How the pods of a mesh and this client authenticate each other. */
export type TlsIdentity = { readonly revision: string; readonly credentials: ChannelCredentials };

export type TlsIdentities = {
  /**
   * The identity that a Secret gives, read after `since` (a time of `performance.now()`), or lately.
   * @throws CallError when it cannot be had: an older one is never used in its place.
   */
  identity(secretName: string, since?: number): Promise<TlsIdentity>;
};

type Known = { readonly readAt: number; readonly identity: Promise<TlsIdentity> };

/** Remembers what TLS Secrets give. Each is looked at again when it was read longer than `freshMs` ago, so that a rotated one is used. */
export function createTlsIdentities(readTls: ReadTls, freshMs: number): TlsIdentities {
  const known = new Map<string, Known>();
  const read = (secretName: string, before: Known | undefined): Known => {
    const now: Known = { readAt: performance.now(), identity: readIdentity(readTls, secretName, before?.identity) };
    known.set(secretName, now);
    // A failure is not cached: the next caller reads again.
    now.identity.catch(() => known.get(secretName) === now && known.delete(secretName));
    return now;
  };
  return {
    identity: (secretName, since = performance.now() - freshMs) => {
      const latest = known.get(secretName);
      return (latest !== undefined && latest.readAt >= since ? latest : read(secretName, latest)).identity;
    },
  };
}

/** The same content gives the same identity, so that open connections stay in use. */
async function readIdentity(
  readTls: ReadTls,
  secretName: string,
  before: Promise<TlsIdentity> | undefined,
): Promise<TlsIdentity> {
  const [material, earlier] = await Promise.all([readTls(secretName), before?.catch(() => undefined)]);
  if (earlier?.revision === material.revision) return earlier;
  return { revision: material.revision, credentials: toCredentials(material) };
}

/**
 * The certificate is shown as a client's, and trusted as a server's although it may be a leaf of an unknown authority: the pods
 * have the same one.
 */
function toCredentials({ certificate, key, ca }: TlsMaterial): ChannelCredentials {
  const trusted = [...systemRoots(), certificate, ...(ca === undefined ? [] : [ca])];
  let context: SecureContext;
  try {
    context = createSecureContext({ cert: certificate, key, ca: trusted, allowPartialTrustChain: true });
  } catch (error) {
    throw invalid(`could not load client key pair: ${reasonOf(error)}`);
  }
  if (ca !== undefined && !isCertificate(ca)) throw invalid('failed to append ca certs');
  return ChannelCredentials.createFromSecureContext(context);
}

/** Node passes over an authority that it cannot read, and would refuse the pods later for no visible reason. */
function isCertificate(pem: Buffer): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** OpenSSL's own code: its messages are not ours to vouch for, and no part of a Secret may be repeated. */
function reasonOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'the pair cannot be used';
}

function invalid(message: string): CallError {
  return new CallError('Terminal', message, { code: 'TlsSecretInvalid' });
}

let roots: readonly string[] | undefined;

/** Node's own, those of NODE_EXTRA_CA_CERTS, and the machine's: as Go sees them, which the original is written in. */
function systemRoots(): readonly string[] {
  roots ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return roots;
}
