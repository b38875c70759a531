import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger, Stoppable } from '@meshkeeper/telemetry';
import type { TlsPaths } from '../settings.ts';

/** What the files say at one time, PEM. */
export type TlsMaterial = {
  readonly key: Buffer;
  readonly certificate: Buffer;
  /** The first certificate of the file: the pod's own. */
  readonly leaf: X509Certificate;
  /** All files that are trusted, one behind the other. */
  readonly trusted: Buffer;
};

export type FollowedTls = Stoppable & {
  current(): TlsMaterial;
  /** Calls `listener` whenever the files say something else that can be used. */
  onChange(listener: () => void): void;
};

/** The mesh of the same pod looks as often: they change their certificate together. */
const LOOK_EVERY_MS = 1_000;

/**
 * Reads the files again and again: what changes in a Secret's volume is a link on the way to them, without an event of their own. Files
 * that cannot be used,
 * as they may be for a moment, leave the last good ones in force.
 * @throws Error when they cannot be used at the start
 */
export function followTls(paths: TlsPaths, logger: Logger): FollowedTls {
  let current = readTlsFiles(paths);
  let problem = '';
  const listeners: (() => void)[] = [];
  const look = (): void => {
    try {
      const read = readTlsFiles(paths);
      problem = '';
      if (isSame(read, current)) return;
      current = read;
      logger.info({ validTo: read.leaf.validTo }, 'Other TLS files are in use');
      for (const listener of listeners) listener();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
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

/** @throws Error that names the setting whose file is missing or unfit */
export function readTlsFiles(paths: TlsPaths): TlsMaterial {
  const key = read('MM_TLS_PRIVATE_KEY_PATH', paths.key);
  const certificate = read('MM_TLS_KEY_CERT_PATH', paths.certificate);
  const trusted = paths.trusted.map((path) => read('MM_TLS_TRUST_CERT_PATH', path));
  const leaf = parse('MM_TLS_KEY_CERT_PATH', () => new X509Certificate(certificate));
  const privateKey = parse('MM_TLS_PRIVATE_KEY_PATH', () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(privateKey))
    throw new Error('MM_TLS_PRIVATE_KEY_PATH: the key does not belong to the certificate of MM_TLS_KEY_CERT_PATH');
  return { key, certificate, leaf, trusted: Buffer.concat(trusted.flatMap((pem) => [pem, Buffer.from('\n')])) };
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return (['key', 'certificate', 'trusted'] as const).every((part) => one[part].equals(other[part]));
}

function read(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${setting}: ${(error as Error).message}`, { cause: error });
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
