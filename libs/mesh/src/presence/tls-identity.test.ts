import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@meshkeeper/process';
import { createSelfSigned, readTlsFiles, type Certificate } from '@meshkeeper/certificates';
import { onTestEnd } from '@meshkeeper/testing';
import { followTls, type TlsIdentity } from './tls-identity.ts';

const logger = createLogger('test', 'silent');
const [old, next, other] = [1, 2, 3].map(() => createSelfSigned({ commonName: 'mesh', usage: 'both' }, new Date()));
assert.ok(old && next && other);

let folder: string;
let identity: TlsIdentity | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tls-'));
});
afterEach(async () => {
  await identity?.stop();
  rmSync(folder, { recursive: true });
});

/** As often the files are looked at. */
const LOOK_MS = 1_000;

const pathOf = (file: string): string => join(folder, file);
function write({ certificate, key }: Certificate, trusted = old?.certificate ?? ''): void {
  for (const [file, text] of Object.entries({ 'tls.key': key, 'tls.crt': certificate, 'ca.crt': trusted })) {
    writeFileSync(pathOf('new'), text);
    renameSync(pathOf('new'), pathOf(file));
  }
}
const files = () => ({
  certificate: pathOf('tls.crt'),
  key: pathOf('tls.key'),
  trusted: [pathOf('ca.crt')],
  passphrase: undefined,
  clientAuth: 'NONE' as const,
});
/** When what is to be used changes next. */
const changeOf = (of: TlsIdentity) => new Promise<void>((resolve) => of.onChange(resolve));
const trustedBy = (of: TlsIdentity) =>
  [old, next, other].map(({ certificate }) => of.toPeers().isTrusted?.(new X509Certificate(certificate)));

test('other pods are shown the old certificate until all must have the new one, and both are trusted', async () => {
  jest.useFakeTimers();
  onTestEnd(() => jest.useRealTimers());
  write(old);
  identity = followTls(files(), logger);
  const changed = changeOf(identity);
  write(next);
  jest.advanceTimersByTime(LOOK_MS);
  await changed;
  const shown = () => [identity?.toClients().cert.toString(), identity?.toPeers().cert.toString()];
  assert.deepEqual(shown(), [next.certificate, old.certificate]);
  const spread = changeOf(identity);
  jest.advanceTimersByTime(120_000);
  await spread;
  assert.deepEqual(shown(), [next.certificate, next.certificate]);
  assert.deepEqual(trustedBy(identity), [true, true, false]);
});

test('what the file of trusted certificates holds is trusted as it is', () => {
  write(old, next.certificate + other.certificate);
  identity = followTls(files(), logger);
  assert.deepEqual(trustedBy(identity), [true, true, true]);
});

test('trusted certificates may be in several files, as the controller names them', () => {
  write(old, next.certificate.trimEnd());
  writeFileSync(pathOf('more.crt'), other.certificate.trimEnd());
  identity = followTls({ ...files(), trusted: [pathOf('ca.crt'), pathOf('more.crt')] }, logger);
  assert.deepEqual(trustedBy(identity), [true, true, true]);
});

test('a key may have a passphrase', () => {
  const passphrase = 'p';
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  write({ ...old, key: createPrivateKey(old.key).export(options).toString() });
  identity = followTls({ ...files(), passphrase }, logger);
  assert.equal(identity.toPeers().passphrase, passphrase);
  assert.ok(identity.peerChannel.secureContext);
});

const mistakes: readonly (readonly [string, Certificate, string, RegExp])[] = [
  ['a key of another certificate', { ...old, key: next.key }, '', /^MM_TLS_PRIVATE_KEY_PATH: the key does not belong/],
  ['a key that is none', { ...old, key: 'secret' }, '', /^MM_TLS_PRIVATE_KEY_PATH: the file cannot be used$/],
  ['a certificate that is none', { ...old, certificate: 'x' }, '', /^MM_TLS_KEY_CERT_PATH: the file cannot be used$/],
  ['a file of trusted certificates without one', old, 'x', /^MM_TLS_TRUST_CERT_PATH: there is no certificate/],
];
for (const [name, content, trusted, message] of mistakes) {
  test(`${name} is reported by the name of its setting`, () => {
    write(content, trusted);
    assert.throws(() => readTlsFiles(files()), { message });
  });
}

test('a missing file is reported by the name of its setting', () => {
  assert.throws(() => readTlsFiles(files()), { message: /^MM_TLS_PRIVATE_KEY_PATH: ENOENT/ });
});
