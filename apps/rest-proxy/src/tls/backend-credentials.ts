import { checkServerIdentity, createSecureContext, getCACertificates, type PeerCertificate } from 'node:tls';
import { ChannelCredentials } from 'nice-grpc';
import type { TlsMaterial } from '@meshkeeper/telemetry';
import type { RestProxySettings } from '../settings.ts';

/**
 * How the mesh is dialled. Over TLS it is shown the pod's own certificate, as every member of a mesh shows it to the others, so that the
 * mesh may demand
 * one. What the mesh shows is trusted when an authority that the machine or MM_TLS_TRUST_CERT_PATH knows has signed it for the host that
 * is dialled, or
 * when it is the pod's own certificate: the mesh of the same pod has the same files, and a pod's certificate need not name `localhost`.
 * `unverified` trusts anything.
 */
export function backendCredentials(
  kind: RestProxySettings['backendTls'],
  material: TlsMaterial | undefined,
): ChannelCredentials {
  if (kind === 'none') return ChannelCredentials.createInsecure();
  const context = createSecureContext({
    ca: [...getCACertificates('default'), ...(material === undefined ? [] : [material.trusted, material.certificate])],
    // The pod's own certificate is trusted as it is, whether or not its authority is known.
    allowPartialTrustChain: true,
    ...(material !== undefined && { key: material.key, cert: material.certificate }),
  });
  const isOwn = (shown: PeerCertificate): boolean => material !== undefined && material.leaf.raw.equals(shown.raw);
  return ChannelCredentials.createFromSecureContext(context, {
    rejectUnauthorized: kind === 'verified',
    checkServerIdentity: (host, shown) =>
      kind === 'unverified' || isOwn(shown) ? undefined : checkServerIdentity(host, shown),
  });
}
