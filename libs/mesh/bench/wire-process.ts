/** One process of the bench of the wire: argv names its role and, for a caller, the address. */
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { customMetadata, openChannel, startGrpcServer } from '@meshkeeper/grpc';

const PATH = '/bench.Bytes/Call';
const MAX_BYTES = 16 * 1_048_576;
const MESSAGE = Buffer.alloc(200, 7);

const [role = '', address = ''] = process.argv.slice(2);
const same = (bytes: Buffer): Buffer => bytes;
type Handler = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;

async function startGrpcJs(handler: Handler): Promise<string> {
  const server = new Server();
  const method = { requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same };
  server.addService(
    { Call: { path: PATH, ...method, responseSerialize: same, responseDeserialize: same } },
    { Call: handler },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
  return `127.0.0.1:${port}`;
}

/** Answers with what it got. */
function backend(): Promise<string> {
  return startGrpcJs(({ request }, done) => done(null, request));
}

/** The way with @grpc/grpc-js: bytes in, bytes out, the caller's metadata passed on. */
function grpcJsProxy(): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  return startGrpcJs(({ request, metadata }, done) => {
    client.makeUnaryRequest(PATH, same, same, request, metadata, (error, answer) => {
      if (error === null && answer !== undefined) done(null, answer);
      else done({ code: error?.code ?? status.INTERNAL, details: error?.details ?? '' });
    });
  });
}

async function wireProxy(): Promise<string> {
  const channel = openChannel(targetOf(address), { maxMessageBytes: MAX_BYTES, connectTimeoutMs: 5_000 });
  const server = await startGrpcServer({
    on: { host: '127.0.0.1', port: 0 },
    maxMessageBytes: MAX_BYTES,
    maxHeaderBytes: 16_384,
    handle: ({ path, headers, message, signal }) =>
      channel.call({ path, headers: customMetadata(headers), message, signal }),
  });
  return server.address;
}

function targetOf(address: string): { readonly host: string; readonly port: number } {
  const [host = '', port = ''] = address.split(':');
  return { host, port: Number(port) };
}

export type LoadFigures = { readonly calls: number; readonly p50Us: number; readonly p99Us: number };

/** Calls again and again, `inFlight` at a time, for `ms`. */
async function load(inFlight: number, ms: number): Promise<LoadFigures> {
  const channel = openChannel(targetOf(address), { maxMessageBytes: MAX_BYTES, connectTimeoutMs: 5_000 });
  const times: number[] = [];
  const end = performance.now() + ms;
  const headers = ['mm-model-id', 'model-1'];
  const work = async (): Promise<void> => {
    for (let began = performance.now(); began < end;) {
      await channel.call({ path: PATH, headers, message: MESSAGE });
      const now = performance.now();
      times.push(now - began);
      began = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  channel.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number => (times[Math.floor(times.length * share)] ?? 0) * 1_000;
  return { calls: times.length, p50Us: at(0.5), p99Us: at(0.99) };
}

const SERVERS: Readonly<Record<string, () => Promise<string>>> = {
  backend,
  'grpc-js proxy': grpcJsProxy,
  'wire proxy': wireProxy,
};

if (role === 'load') {
  const [inFlight, ms] = process.argv.slice(4).map(Number);
  process.send?.(await load(inFlight ?? 1, ms ?? 1_000));
  process.disconnect();
} else {
  process.send?.(await SERVERS[role]?.());
  // Answers with the CPU time so far, in microseconds.
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on('disconnect', () => process.exit());
}
