import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { acceptsConnections } from '../accepts-connections.ts';
import type { Action, Container, Probe } from '../kube/objects.ts';

/** What the actions of a container's probes and hooks are done to. */
export type ActionTarget = {
  readonly host: string;
  readonly container: Container;
  /** The command as it can be run outside of the container. */
  readonly localCommand: (command: readonly string[]) => Promise<LocalCommand>;
};

export type LocalCommand = {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
};

/** The number of a port that may be given by its name. */
export function portNumber(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  return container.ports?.find((each) => each.name === port)?.containerPort;
}

/** Does one action, and says whether it went well in time. Never rejects. */
export async function act(
  action: Action & Pick<Probe, 'grpc'>,
  target: ActionTarget,
  timeoutMs: number,
): Promise<boolean> {
  const port = portNumber(action.httpGet?.port ?? action.tcpSocket?.port ?? action.grpc?.port ?? 0, target.container);
  if (action.httpGet !== undefined) {
    const { scheme = 'HTTP', path = '/' } = action.httpGet;
    return httpGet(`${scheme.toLowerCase()}://${target.host}:${port}${path}`, timeoutMs);
  }
  if (action.exec !== undefined) {
    const local = await target.localCommand(action.exec.command ?? []).catch(() => undefined);
    return local !== undefined && runCommand(local, timeoutMs);
  }
  if (action.sleep !== undefined) return sleep(Math.min(action.sleep.seconds * 1_000, timeoutMs), true);
  // Where gRPC's own health service would be called, a server that takes connections counts as healthy.
  return acceptsConnections(port ?? 0, target.host, timeoutMs);
}

/** As a kubelet, which does not verify the certificate of an HTTPS probe. */
const insecure = new Agent({ connect: { rejectUnauthorized: false }, pipelining: 0 });

async function httpGet(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const answer = await request(url, { dispatcher: insecure, signal: AbortSignal.timeout(timeoutMs) });
    await answer.body.dump();
    return answer.statusCode >= 200 && answer.statusCode < 400;
  } catch {
    return false;
  }
}

function runCommand({ command: [program = '', ...args], env, cwd }: LocalCommand, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { ...env }, cwd, timeout, killSignal: 'SIGKILL' }, (error) =>
      resolve(error === null),
    );
  });
}
