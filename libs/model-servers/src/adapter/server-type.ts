import { basename } from 'node:path';

export const SERVER_TYPES = ['triton', 'mlserver', 'ovms', 'torchserve'] as const;
export type ServerType = (typeof SERVER_TYPES)[number];

/**
 * Which model server to adapt: `main.ts triton`, or the name by which the program was called, such as `/opt/app/triton-adapter`.
 * @throws Error naming the types that there are
 */
export function serverTypeOf([, program = '', first]: readonly string[]): ServerType {
  const asked = first ?? basename(program).replace(/-adapter$/, '');
  const type = SERVER_TYPES.find((each) => each === asked);
  if (type !== undefined) return type;
  throw new Error(`There is no adapter for ${asked}: give one of ${SERVER_TYPES.join(', ')} as the first argument`);
}
