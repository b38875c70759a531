import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** A key pair on P-256 with its certificate, both PEM. */
export type Certificate = { readonly certificate: string; readonly key: string };

export type Authority = Certificate & {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
};

export type LeafRequest = {
  readonly commonName: string;
  /** `O=`: the group of a Kubernetes client. */
  readonly organization?: string;
  /** `both`: the members of a mesh show the same certificate as servers and as clients. */
  readonly usage: 'server' | 'client' | 'both';
  /** DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[];
};

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));
const YEAR_MS = 365 * 24 * 3_600_000;

type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
type Subject = { readonly commonName: string; readonly organization?: string };

/** A new certificate authority, good for ten years. */
export function createAuthority(commonName: string, now: Date): Authority {
  const keys = newKeys();
  const extensions = [
    extension('2.5.29.19', true, sequence(boolean(true))),
    // keyCertSign and cRLSign: bits 5 and 6.
    extension('2.5.29.15', true, bitString(Buffer.from([0b0000_0110]), 1)),
    subjectKeyId(keys.publicKey),
  ];
  const certificate = issue({
    subject: { commonName },
    issuer: { commonName },
    keys,
    signer: keys.privateKey,
    extensions,
    now,
  });
  return { certificate, key: pemKey(keys), commonName, ...keys };
}

/** A certificate for one server or client, good for ten years. */
export function createLeaf(authority: Authority, request: LeafRequest, now: Date): Certificate {
  const keys = newKeys();
  const extensions = [
    ...leafExtensions(request),
    extension('2.5.29.35', false, sequence(implicit(0, keyId(authority.publicKey)))),
  ];
  const issuer = { commonName: authority.commonName };
  return {
    certificate: issue({ subject: request, issuer, keys, signer: authority.privateKey, extensions, now }),
    key: pemKey(keys),
  };
}

/** A certificate that no authority signed, good for ten years: who trusts it trusts it alone. */
export function createSelfSigned(request: LeafRequest, now: Date): Certificate {
  const keys = newKeys();
  const extensions = leafExtensions(request);
  return {
    certificate: issue({ subject: request, issuer: request, keys, signer: keys.privateKey, extensions, now }),
    key: pemKey(keys),
  };
}

const PURPOSES = { server: ['1.3.6.1.5.5.7.3.1'], client: ['1.3.6.1.5.5.7.3.2'] };

function leafExtensions({ usage, hosts }: LeafRequest): readonly Buffer[] {
  const purposes = usage === 'both' ? [...PURPOSES.server, ...PURPOSES.client] : PURPOSES[usage];
  return [
    // digitalSignature: bit 0.
    extension('2.5.29.15', true, bitString(Buffer.from([0b1000_0000]), 7)),
    extension('2.5.29.37', false, sequence(...purposes.map(objectId))),
    ...(hosts === undefined ? [] : [extension('2.5.29.17', false, sequence(...hosts.map(generalName)))]),
  ];
}

/** A key pair that signs service-account tokens, both halves PEM. */
export function createSigningKey(): { readonly publicKey: string; readonly privateKey: string } {
  const keys = newKeys();
  return { publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(), privateKey: pemKey(keys) };
}

function newKeys(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pemKey(keys: Keys): string {
  return keys.privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

type Issue = {
  readonly subject: Subject;
  readonly issuer: Subject;
  readonly keys: Keys;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly now: Date;
};

/** RFC 5280 §4.1: the part to be signed, how it is signed, the signature. */
function issue(what: Issue): string {
  const start = what.now.getTime();
  const toBeSigned = sequence(
    explicit(0, integer(2n)), // version 3
    integer(BigInt(`0x00${randomBytes(15).toString('hex')}`)),
    ECDSA_WITH_SHA256,
    name(what.issuer),
    // Begins in the past: the clocks of two machines of one cluster may differ.
    sequence(time(new Date(start - 3_600_000)), time(new Date(start + 10 * YEAR_MS))),
    name(what.subject),
    what.keys.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...what.extensions)),
  );
  const signature = sign('sha256', toBeSigned, what.signer);
  const der = sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature));
  const lines = der
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function name(subject: Subject): Buffer {
  const attribute = (id: string, text: string): Buffer => set(sequence(objectId(id), utf8String(text)));
  const organization = subject.organization === undefined ? [] : [attribute('2.5.4.10', subject.organization)];
  return sequence(...organization, attribute('2.5.4.3', subject.commonName));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function subjectKeyId(key: KeyObject): Buffer {
  return extension('2.5.29.14', false, octetString(keyId(key)));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function generalName(host: string): Buffer {
  return isIPv4(host) ? implicit(7, Buffer.from(host.split('.').map(Number))) : implicit(2, Buffer.from(host));
}
