/**
 * The work keys that a change of one object wakes. `keys` own the object, so every change wakes them; `wakes` are neighbours, woken only when
 * its facts change. Either may be a pattern, whose holes name indexes: `runtime/{namespaces}/triton-2.x`. `indexes` are the `index member`
 * pairs with which this object fills such holes.
 */
export type WakeSet = {
  readonly keys: readonly string[];
  readonly wakes: readonly string[];
  readonly indexes: readonly string[];
};
