/**
 * X.509 certificates: issuing them, and following the files of a mounted Secret through rotation. No domain types.
 */
export {
  createAuthority,
  createLeaf,
  createSelfSigned,
  type Authority,
  type Certificate,
  type LeafRequest,
  createSigningKey,
} from './certificate.ts';
export {
  type TlsPaths,
  followTlsFiles,
  type FollowedTls,
  type TlsMaterial,
  readTlsFiles,
  certificatesIn,
} from './tls-files.ts';
