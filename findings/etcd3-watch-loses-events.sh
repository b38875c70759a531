#!/usr/bin/env bash
# etcd3's watcher takes the revision from which it resumes from the header of each response. While it replays history the header carries the
# store's head, so a connection that breaks during the replay resumes behind events that were never delivered, without an error. Here: 6,000
# events are replayed through a proxy that cuts the connection after the first ones.
set -euo pipefail
folder=$(mktemp -d)
server=''
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download etcd-server=3.4.23-4+b4 > /dev/null 2>&1
dpkg -x etcd-server_*.deb etcd
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts etcd3@1.1.2 > /dev/null
port=$((20000 + RANDOM % 10000))
./etcd/usr/bin/etcd --data-dir data --listen-client-urls "http://127.0.0.1:$port" --advertise-client-urls "http://127.0.0.1:$port" \
  --listen-peer-urls http://127.0.0.1:$((port + 1)) --initial-advertise-peer-urls http://127.0.0.1:$((port + 1)) \
  --initial-cluster "default=http://127.0.0.1:$((port + 1))" > etcd.log 2>&1 &
server=$!
cat > run.mjs <<'JS'
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';

const EVENTS = 6_000;
const port = Number(process.argv[2]);
const writer = new Etcd3({ hosts: `127.0.0.1:${port}` });
for (let tries = 0; ; tries += 1) {
  try {
    await writer.put('ready').value('1');
    break;
  } catch (error) {
    if (tries > 100) throw error;
    await delay(100);
  }
}
const value = 'x'.repeat(2_000);
for (let at = 0; at < EVENTS; at += 100)
  await Promise.all(Array.from({ length: 100 }, (_, i) => writer.put(`w/${at + i}`).value(value)));

let received = 0;
let cuts = 0;
const sockets = new Set();
const proxy = createServer((client) => {
  const upstream = connect(port, '127.0.0.1');
  client.pipe(upstream).pipe(client);
  sockets.add(client);
  for (const socket of [client, upstream]) socket.on('error', () => {}).on('close', () => (client.destroy(), upstream.destroy()));
});
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
const reader = new Etcd3({ hosts: `127.0.0.1:${proxy.address().port}` });
const errors = [];
const watcher = await reader.watch().prefix('w/').startRevision('1').watcher();
watcher.on('error', (error) => errors.push(error.message));
watcher.on('put', () => {
  received += 1;
  if (received === 500) {
    cuts += 1;
    for (const socket of sockets) socket.destroy();
  }
});
for (let last = -1, still = 0; still < 10; await delay(500)) {
  still = received === last ? still + 1 : 0;
  last = received;
}
console.log(`etcd3 1.1.2, etcd 3.4.23: ${received} of ${EVENTS} events after ${cuts} cut connection, errors: ${errors.length}`);
process.exit(received < EVENTS && errors.length === 0 ? 0 : 1);
JS
node run.mjs "$port"
