#!/usr/bin/env bash
# etcd3 requests the token of a user over a channel without the `grpcOptions` of its client. A client that reaches etcd under another name than
# its certificate carries (grpc.ssl_target_name_override) can therefore make every call but the one that every call of a user needs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts etcd3@1.1.2 @grpc/grpc-js@1.14.7 @grpc/proto-loader@0.7.15 > /dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=etcd.example \
  -addext subjectAltName=DNS:etcd.example -keyout key.pem -out cert.pem 2> /dev/null
cat > run.mjs <<'JS'
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Etcd3 } from 'etcd3';

const require = createRequire(import.meta.url);
const proto = join(dirname(require.resolve('etcd3')), '..', 'proto', 'rpc.proto');
const { etcdserverpb: api } = grpc.loadPackageDefinition(loadSync(proto, { keepCase: true, longs: String }));
const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(name));
const server = new grpc.Server();
server.addService(api.KV.service, { range: (_call, done) => done(null, { header: { revision: '1' }, kvs: [] }) });
server.addService(api.Auth.service, { authenticate: (_call, done) => done(null, { token: 't' }) });
const credentials = grpc.ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
const port = await new Promise((resolve, reject) =>
  server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))));

const outcome = async (auth) => {
  const client = new Etcd3({
    hosts: `https://127.0.0.1:${port}`,
    credentials: { rootCertificate: cert },
    grpcOptions: { 'grpc.ssl_target_name_override': 'etcd.example' },
    defaultCallOptions: () => ({ deadline: Date.now() + 5_000 }),
    ...auth,
  });
  try {
    await client.get('a');
    return 'answered';
  } catch (error) {
    return `failed: ${error.message.split('\n')[0]}`;
  } finally {
    client.close();
  }
};
const [plain, withUser] = [await outcome({}), await outcome({ auth: { username: 'root', password: 'p' } })];
console.log(`etcd3 1.1.2, certificate for etcd.example, override set\n  get without a user: ${plain}\n  get with a user:    ${withUser}`);
server.forceShutdown();
process.exit(plain === 'answered' && /altnames|not in the cert|UNAVAILABLE|certificate/i.test(withUser) ? 0 : 1);
JS
node run.mjs
