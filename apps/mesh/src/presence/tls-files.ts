import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { messageOf } from '@meshkeeper/domain';
import type { TlsFiles } from '../settings.ts';

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
export function readTlsFiles(files: TlsFiles): TlsMaterial {
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

export function isSameMaterial(one: TlsMaterial, other: TlsMaterial): boolean {
  return (['key', 'certificate', 'trusted'] as const).every((part) => one[part].equals(other[part]));
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
