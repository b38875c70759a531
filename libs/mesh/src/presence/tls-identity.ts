import type { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { certificatesIn, followTlsFiles, type TlsMaterial } from '@meshkeeper/certificates';
import type { Logger, Stoppable } from '@meshkeeper/process';
import type { TlsFiles } from '../settings/settings.ts';
import type { ChannelTls, ServerTls } from '@meshkeeper/grpc';

/** Who this pod is to clients and to other pods. It follows the files: what is asked here is to be used for new connections. */
export type TlsIdentity = Stoppable & {
  toClients(): ServerTls;
  toPeers(): ServerTls;
  /** Reads the files again at every connect. */
  readonly peerChannel: ChannelTls;
  /** Calls `listener` when something else is to be used from now on. */
  onChange(listener: () => void): void;
};

/**
 * The kubelets of a cluster bring a changed Secret to their pods within some 90 seconds of each other. For so long other pods are shown
 * the certificate that all of them know, and only then the new one.
 */
const SPREAD_MS = 120_000;

type Held = { readonly newest: TlsMaterial; readonly before: TlsMaterial | undefined; readonly since: number };

/** @throws Error when the files cannot be used at the start; later on the last good ones stay in force */
export function followTls(files: TlsFiles, logger: Logger): TlsIdentity {
  const followed = followTlsFiles(files, logger);
  let held: Held = { newest: followed.current(), before: undefined, since: 0 };
  let context: SecureContext | undefined;
  let spread: NodeJS.Timeout | undefined;
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    context = undefined;
    for (const listener of listeners) listener();
  };
  followed.onChange((before) => {
    const newest = followed.current();
    const isOther = !newest.leaf.raw.equals(before.leaf.raw);
    held = isOther ? { newest, before, since: Date.now() } : { ...held, newest };
    clearTimeout(spread);
    spread = setTimeout(changed, SPREAD_MS).unref();
    changed();
  });
  return {
    toClients: () => ({
      ...serverTls(files, held.newest, held),
      clientAuth: files.clientAuth,
      // As in the original: the authority in the pods' certificate file may have signed those of clients.
      ca: `${trustedByPeers(held)}\n${held.newest.certificate.toString('latin1')}`,
    }),
    toPeers: () => ({ ...serverTls(files, shownToPeers(held), held), clientAuth: 'REQUIRE', ca: trustedByPeers(held) }),
    peerChannel: {
      get secureContext() {
        return (context ??= peerContext(files, held));
      },
      // Pods are dialled by address; comparing with the certificate that all pods share is stronger than checking a name.
      checkServerIdentity: () => undefined,
    },
    onChange: (listener) => listeners.push(listener),
    stop: async () => {
      clearTimeout(spread);
      await followed.stop();
    },
  };
}

function shownToPeers({ newest, before, since }: Held): TlsMaterial {
  const now = Date.now();
  const isSpreading = before !== undefined && now < since + SPREAD_MS && before.leaf.validToDate.getTime() > now;
  return isSpreading ? before : newest;
}

function own({ newest, before }: Held): readonly TlsMaterial[] {
  return before === undefined ? [newest] : [newest, before];
}

function serverTls(
  { passphrase }: TlsFiles,
  { key, certificate }: TlsMaterial,
  held: Held,
): Omit<ServerTls, 'clientAuth' | 'ca'> {
  const pinned = [...own(held).map(({ leaf }) => leaf), ...certificatesIn(held.newest.trusted)];
  return {
    key,
    cert: certificate,
    isTrusted: (shown) => isValid(shown) && pinned.some(({ raw }) => raw.equals(shown.raw)),
    ...(passphrase !== undefined && { passphrase }),
  };
}

function peerContext({ passphrase }: TlsFiles, held: Held): SecureContext {
  const { key, certificate } = shownToPeers(held);
  return createSecureContext({
    key,
    cert: certificate,
    ca: trustedByPeers(held),
    // The pods' certificate is trusted as it is, whether or not its authority is known.
    allowPartialTrustChain: true,
    ...(passphrase !== undefined && { passphrase }),
  });
}

/** Of our own files only the pods' certificate: its authority may have signed those of strangers. */
function trustedByPeers(held: Held): string {
  return [...own(held).map(({ leaf }) => leaf.toString()), held.newest.trusted.toString('latin1')].join('\n');
}

function isValid({ validFromDate, validToDate }: X509Certificate): boolean {
  const now = Date.now();
  return validFromDate.getTime() <= now && now <= validToDate.getTime();
}
