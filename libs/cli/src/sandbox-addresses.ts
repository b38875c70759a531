import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Where a sandbox serves. */
export type SandboxAddresses = { readonly console: string; readonly redis: string };

const port = z.int().min(1).max(65_535);
const state = z.object({ ports: z.object({ console: port, redis: port }) });

/** Those of `npm start`, unless something else has their ports. */
const PREFERRED = { console: 18_080, redis: 16_379 };

/** The addresses that a sandbox recorded in its state folder; the usual ones where none did. */
export function sandboxAddresses(folder: string | undefined): SandboxAddresses {
  const ports = (folder === undefined ? undefined : recordedPorts(folder)) ?? PREFERRED;
  return { console: `http://127.0.0.1:${ports.console}`, redis: `redis://127.0.0.1:${ports.redis}` };
}

function recordedPorts(folder: string): typeof PREFERRED | undefined {
  try {
    return state.parse(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'))).ports;
  } catch {
    return undefined;
  }
}
