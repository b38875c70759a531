import { createMlserver } from '../mlserver/server.ts';
import type { ModelServer } from './model-server.ts';
import { createOvms } from '../ovms/server.ts';
import type { ServerType } from './server-type.ts';
import type { AdapterSettings } from './settings.ts';
import { createTorchserve } from '../torchserve/server.ts';
import { createTriton } from '../triton/server.ts';

/** How each kind of server is adapted. */
export const MODEL_SERVERS: Readonly<Record<ServerType, (settings: AdapterSettings) => ModelServer>> = {
  triton: createTriton,
  mlserver: createMlserver,
  ovms: createOvms,
  torchserve: createTorchserve,
};
