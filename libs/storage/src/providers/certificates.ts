import { createSecureContext } from 'node:tls';
import { invalid } from '../config-values.ts';

/** PEM texts of a configuration. */
export type Certificates = {
  /** Authorities that take the place of the system's. */
  readonly certificate?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
};

/**
 * Reads them once, so that a mistake is reported as what it is, and not as a failed connection.
 * @throws StorageError InvalidConfig, without what OpenSSL says of a key.
 */
export function checkCertificates({ certificate, clientCertificate, clientKey }: Certificates): void {
  if ((clientCertificate === undefined) !== (clientKey === undefined)) {
    throw invalid(`both 'client_certificate' and 'client_key' must be specified for authentication`);
  }
  if (
    certificate !== undefined &&
    !(certificate.includes('-----BEGIN CERTIFICATE-----') && reads({ ca: certificate }))
  ) {
    throw invalid(`the configuration 'certificate' is not a PEM certificate`);
  }
  if (clientCertificate !== undefined && !reads({ cert: clientCertificate, key: clientKey })) {
    throw invalid(`the configurations 'client_certificate' and 'client_key' are not a PEM certificate and its key`);
  }
}

function reads(options: Parameters<typeof createSecureContext>[0]): boolean {
  try {
    createSecureContext(options);
    return true;
  } catch {
    return false;
  }
}
