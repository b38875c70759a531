import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/** Paths of PEM files, as the containers of a serving pod are given them by their MM_TLS_ settings. */
export type TlsPaths = {
  readonly certificate: string;
  readonly key: string;
  /** Of the key, where it has one. */
  readonly passphrase?: string | undefined;
  /** Certificates of clients and of their authorities. */
  readonly trusted: readonly string[];
};

/** What the files of a pod say at one time, PEM. */
export type TlsMaterial = {
  readonly key: Buffer;
  /** The pod's own certificate, and what stands behind it in the file. */
  readonly certificate: Buffer;
  /** The first of them. */
  readonly leaf: X509Certificate;
  readonly trusted: Buffer;
};

/**
 * Reads the files as they are now. @throws Error that names the setting when one is missing or unfit, or the key is another
 * certificate's, as it may be while a Secret's volume is being swapped
 */
export function readTlsFiles(files: TlsPaths): TlsMaterial {
  const { passphrase } = files;
  const material = {
    key: read('MM_TLS_PRIVATE_KEY_PATH', files.key),
    certificate: read('MM_TLS_KEY_CERT_PATH', files.certificate),
    trusted: Buffer.concat(files.trusted.flatMap((file) => [read('MM_TLS_TRUST_CERT_PATH', file), NEWLINE])),
  };
  const leaf = parse('MM_TLS_KEY_CERT_PATH', () => new X509Certificate(material.certificate));
  const key = { key: material.key, ...(passphrase !== undefined && { passphrase }) };
  const privateKey = parse('MM_TLS_PRIVATE_KEY_PATH', () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(privateKey))
    throw new Error('MM_TLS_PRIVATE_KEY_PATH: the key does not belong to the certificate of MM_TLS_KEY_CERT_PATH');
  // OpenSSL refuses more than a parser does, such as a key that is too short.
  parse('MM_TLS_KEY_CERT_PATH', () => createSecureContext({ ...key, cert: material.certificate }));
  const trusted = parse('MM_TLS_TRUST_CERT_PATH', () => certificatesIn(material.trusted));
  if (files.trusted.length > 0 && trusted.length === 0)
    throw new Error('MM_TLS_TRUST_CERT_PATH: there is no certificate in the file');
  return { ...material, leaf };
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return (['key', 'certificate', 'trusted'] as const).every((part) => one[part].equals(other[part]));
}

/** The files as they are now; checked every second. */
export type FollowedTls = {
  current(): TlsMaterial;
  /** Calls `listener` with what they said before, whenever they say something else that can be used. */
  onChange(listener: (before: TlsMaterial) => void): void;
  stop(): Promise<void>;
};

/** Where a replacement or a refusal of the files is logged; pino's Logger fits. */
export type TlsLog = {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** The containers of a pod look equally often: they change their certificate together. */
const LOOK_EVERY_MS = 1_000;

/**
 * Reads the files again and again: what changes in a Secret's volume is a link on the way to them, without an event of their own. Files
 * that cannot be used, as they may be for a moment, leave the last good ones in force.
 * @throws Error when they cannot be used at the start
 */
export function followTlsFiles(files: TlsPaths, logger: TlsLog): FollowedTls {
  let current = readTlsFiles(files);
  let problem = '';
  const listeners: ((before: TlsMaterial) => void)[] = [];
  const look = (): void => {
    try {
      const [before, read] = [current, readTlsFiles(files)];
      problem = '';
      if (isSame(read, before)) return;
      current = read;
      logger.info({ validTo: read.leaf.validTo }, 'Other TLS files are in use');
      for (const listener of listeners) listener(before);
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== problem)
        logger.error({ reason }, 'The TLS files cannot be used; what they said before stays in force');
      problem = reason;
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    current: () => current,
    onChange: (listener) => listeners.push(listener),
    stop: async () => clearInterval(timer),
  };
}

/** A file need not end with one. */
const NEWLINE = Buffer.from('\n');
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws when a block is no certificate */
export function certificatesIn(pem: Buffer): readonly X509Certificate[] {
  return (pem.toString('latin1').match(BLOCK) ?? []).map((block) => new X509Certificate(block));
}

function read(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${setting}: ${messageOf(error)}`, { cause: error });
  }
}

/** OpenSSL's words are left out: no part of a key may get into a log. */
function parse<T>(setting: string, from: () => T): T {
  try {
    return from();
  } catch (error) {
    throw new Error(`${setting}: the file cannot be used`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
