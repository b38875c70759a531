/** The two services of the examples, read from their contracts as they stand: nothing is generated. */
import { join } from 'node:path';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  status,
  type handleUnaryCall,
  type sendUnaryData,
  type ServerErrorResponse,
  type ServiceClientConstructor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTO = join(import.meta.dirname, '..', '..', 'proto');
const files = ['mmesh/model-runtime.proto', 'inference/v2.proto'];
const loaded = loadPackageDefinition(loadSync(files, { includeDirs: [PROTO], longs: Number, enums: String }));

type Packages = Readonly<Record<string, Readonly<Record<string, ServiceClientConstructor>>>>;
const { mmesh, inference } = loaded as unknown as Packages;

/** How a mesh has models loaded. */
export const MODEL_RUNTIME = mmesh?.['ModelRuntime'] as ServiceClientConstructor;
/** The open inference protocol (V2). */
export const INFERENCE = inference?.['GRPCInferenceService'] as ServiceClientConstructor;

/** An error that is sent with its code; any other one is UNKNOWN. */
export class Refusal extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

/** A method that takes a message and gives one. */
export type Method<Request> = (request: Request) => Promise<object> | object;

type Outcome = { readonly error: Partial<ServerErrorResponse> | null; readonly value?: object };

/** The outcome of a call: its answer, or the status of its failure. */
async function outcomeOf<Request>(method: Method<Request>, request: Request): Promise<Outcome> {
  try {
    return { error: null, value: await method(request) };
  } catch (error) {
    const code = error instanceof Refusal ? error.code : status.UNKNOWN;
    return { error: { code, details: (error as Error).message } };
  }
}

function unary<Request>(method: Method<Request>): handleUnaryCall<Request, object> {
  const answer = async (request: Request, callback: sendUnaryData<object>): Promise<void> => {
    const { error, value } = await outcomeOf(method, request);
    callback(error, value ?? null);
  };
  return ({ request }, callback) => void answer(request, callback);
}

type Methods = Readonly<Record<string, Method<never>>>;

/** Serves on `address` until the process is signalled to end. @throws Error when the address is taken */
export async function serve(
  address: string,
  services: readonly (readonly [ServiceClientConstructor, Methods])[],
): Promise<void> {
  const server = new Server();
  for (const [{ service }, methods] of services) {
    const entries = Object.entries(methods).map(([name, method]) => [name, unary(method)]);
    server.addService(service, Object.fromEntries(entries) as UntypedServiceImplementation);
  }
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  process.once('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
}
