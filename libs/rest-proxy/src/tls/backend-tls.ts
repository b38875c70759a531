import { checkServerIdentity, createSecureContext, getCACertificates } from 'node:tls';
import type { ChannelTls } from '@meshkeeper/grpc';
import type { TlsMaterial } from '@meshkeeper/certificates';

/**
 * How the mesh is dialled over TLS. It is shown the pod's own certificate, as every member of a mesh shows it to the others, so that the
 * mesh may demand one. What the mesh shows is trusted when an authority that the machine or MM_TLS_TRUST_CERT_PATH knows has signed it for
 * the host that is dialled, or when it is the pod's own certificate: the mesh of the same pod has the same files, and a pod's certificate
 * need not name `localhost`. `unverified` trusts anything.
 */
export function backendTls(kind: 'verified' | 'unverified', material: TlsMaterial | undefined): ChannelTls {
  const secureContext = createSecureContext({
    ca: [...getCACertificates('default'), ...(material === undefined ? [] : [material.trusted, material.certificate])],
    // The pod's own certificate is trusted as it is, whether or not its authority is known.
    allowPartialTrustChain: true,
    ...(material !== undefined && { key: material.key, cert: material.certificate }),
  });
  const isOwn = (shown: { readonly raw: Buffer }): boolean => material?.leaf.raw.equals(shown.raw) === true;
  return {
    secureContext,
    rejectUnauthorized: kind === 'verified',
    checkServerIdentity: (host, shown) => (isOwn(shown) ? undefined : checkServerIdentity(host, shown)),
  };
}
