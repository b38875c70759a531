import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createAuthority, createLeaf, createSelfSigned } from './certificate.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const authority = createAuthority('an authority', NOW);
const root = new X509Certificate(authority.certificate);

test('an authority signs itself and may sign others', () => {
  assert.deepEqual([root.ca, root.subject, root.issuer], [true, 'CN=an authority', 'CN=an authority']);
  assert.equal(root.verify(root.publicKey), true);
});

test('a server certificate carries its hosts and is signed by the authority', () => {
  const leaf = createLeaf(authority, { commonName: 'server', usage: 'server', hosts: ['127.0.0.1', 'localhost'] }, NOW);
  const certificate = new X509Certificate(leaf.certificate);
  assert.equal(certificate.verify(root.publicKey), true);
  assert.equal(certificate.checkIssued(root), true);
  assert.equal(certificate.subjectAltName, 'IP Address:127.0.0.1, DNS:localhost');
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(certificate.ca, false);
});

test('a client certificate names its group and fits its key', () => {
  const leaf = createLeaf(authority, { commonName: 'admin', organization: 'system:masters', usage: 'client' }, NOW);
  const certificate = new X509Certificate(leaf.certificate);
  assert.equal(certificate.subject, 'O=system:masters\nCN=admin');
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(certificate.checkPrivateKey(createPrivateKey(leaf.key)), true);
});

test('a certificate that signs itself is no authority, and may serve and be a client', () => {
  const certificate = new X509Certificate(
    createSelfSigned({ commonName: 'mesh', usage: 'both', hosts: ['mesh.team-a'] }, NOW).certificate,
  );
  assert.equal(certificate.verify(certificate.publicKey), true);
  assert.deepEqual([certificate.ca, certificate.subject, certificate.issuer], [false, 'CN=mesh', 'CN=mesh']);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.equal(certificate.subjectAltName, 'DNS:mesh.team-a');
});

test('a certificate is good from an hour ago for ten years', () => {
  assert.equal(new Date(root.validFrom).toISOString(), '2026-06-01T11:00:00.000Z');
  assert.equal(new Date(root.validTo).toISOString(), '2036-05-29T12:00:00.000Z');
});

test('every certificate has a serial number of its own', () => {
  const serials = [1, 2, 3].map(
    () =>
      new X509Certificate(createLeaf(authority, { commonName: 'x', usage: 'client' }, NOW).certificate).serialNumber,
  );
  assert.equal(new Set(serials).size, 3);
});
