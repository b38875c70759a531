import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { createSelfSigned, type Certificate } from '@meshkeeper/sandbox';

/** A Secret's volume as a kubelet makes it: files are links into a folder that is swapped as a whole. */
export type SecretVolume = {
  readonly env: Readonly<Record<string, string>>;
  swap(content: Certificate): void;
};

export function createSecretVolume(folder: string, content: Certificate): SecretVolume {
  let version = 0;
  const swap = ({ certificate, key }: Certificate): void => {
    version += 1;
    const name = `..version-${version}`;
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'tls.crt'), certificate);
    writeFileSync(join(folder, name, 'tls.key'), key);
    symlinkSync(name, join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    if (version > 1) rmSync(join(folder, `..version-${version - 1}`), { recursive: true });
  };
  swap(content);
  const [certificate, key] = ['tls.crt', 'tls.key'].map((file) => {
    symlinkSync(join('..data', file), join(folder, file));
    return join(folder, file);
  });
  return { env: { MM_TLS_KEY_CERT_PATH: certificate ?? '', MM_TLS_PRIVATE_KEY_PATH: key ?? '' }, swap };
}

/** As the pods of a mesh have it: names of the Service, and none of a pod. */
export function meshCertificate(name = 'modelmesh-serving.team-a.svc'): Certificate {
  return createSelfSigned({ commonName: name, usage: 'both', hosts: [name] }, new Date());
}

/** The certificate that a server shows, PEM; the failure of the handshake when there is one. */
export function shownBy(address: string, own?: Certificate): Promise<string> {
  return new Promise((resolve) => {
    const [host = '', port] = address.split(':');
    const pair = own === undefined ? {} : { key: own.key, cert: own.certificate };
    // Whatever certificate is shown is to be seen.
    const options = { host, port: Number(port), ALPNProtocols: ['h2', 'http/1.1'], rejectUnauthorized: false, ...pair };
    const socket: TLSSocket = connect(options, () => {
      resolve(socket.getPeerX509Certificate()?.toString() ?? '');
      socket.destroy();
    });
    socket.on('error', (error) => resolve(error.message));
  });
}
