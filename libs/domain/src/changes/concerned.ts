/**
 * What a change of one object wakes. `keys` own the object: every change of it concerns them. `concerns` are neighbours, woken only
 * when its facts change. Either may be a pattern, whose holes name indexes: `runtime/{namespaces}/triton-2.x`.
 * `indexes` are `index member` pairs that fill such holes.
 */
export type Concerned = {
  readonly keys: readonly string[];
  readonly concerns: readonly string[];
  readonly indexes: readonly string[];
};
