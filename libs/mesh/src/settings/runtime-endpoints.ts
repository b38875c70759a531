import { z } from 'zod';
import { SettingsError } from '@meshkeeper/settings';

const port = z
  .string()
  .regex(/^\d+$/, 'must be a port')
  .transform(Number)
  .refine((value) => value >= 1 && value <= 65_535, 'must be a port')
  .optional();
const path = z.string().startsWith('/', 'must be an absolute path').optional();

/** The variables that say where the model server of the pod listens, as the reconciler renders them. */
export const runtimeVariables = {
  INTERNAL_GRPC_PORT: port,
  INTERNAL_GRPC_SOCKET_PATH: path,
  INTERNAL_SERVING_GRPC_PORT: port,
  INTERNAL_SERVING_GRPC_SOCKET_PATH: path,
};

type RuntimeVariables = z.output<z.ZodObject<typeof runtimeVariables>>;

export type RuntimeEndpoints = {
  /** gRPC addresses; more than one are tried in turns. */
  readonly management: readonly string[];
  /** Undefined: inference goes to the management endpoint. */
  readonly serving: string | undefined;
};

const DEFAULT_SOCKET = '/tmp/mmesh/grpc.sock';
const DEFAULT_PORT = 8085;

/** `host`: where ports are dialled. @throws SettingsError when a port and a socket are given for the same thing */
export function runtimeEndpoints(given: RuntimeVariables, host: string): RuntimeEndpoints {
  const management = oneOf('INTERNAL_GRPC_PORT', 'INTERNAL_GRPC_SOCKET_PATH', given, host);
  const serving = oneOf('INTERNAL_SERVING_GRPC_PORT', 'INTERNAL_SERVING_GRPC_SOCKET_PATH', given, host);
  const fallback = [`unix://${DEFAULT_SOCKET}`, `${host}:${DEFAULT_PORT}`];
  return { management: management === undefined ? fallback : [management], serving };
}

function oneOf(
  portName: 'INTERNAL_GRPC_PORT' | 'INTERNAL_SERVING_GRPC_PORT',
  pathName: 'INTERNAL_GRPC_SOCKET_PATH' | 'INTERNAL_SERVING_GRPC_SOCKET_PATH',
  given: RuntimeVariables,
  host: string,
): string | undefined {
  const [givenPort, givenPath] = [given[portName], given[pathName]];
  if (givenPort !== undefined && givenPath !== undefined) {
    throw new SettingsError(`${portName}, ${pathName}: only one of them may be set`);
  }
  if (givenPath !== undefined) return `unix://${givenPath}`;
  return givenPort === undefined ? undefined : `${host}:${givenPort}`;
}
