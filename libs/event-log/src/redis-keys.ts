/**
 * The names of all keys that TypeScript passes to the scripts or reads itself; `lua/common.lua` names the same ones.
 * All start with one prefix whose braces keep them in one slot of a Redis Cluster, BullMQ's included.
 */
export function redisKeys(prefix: string) {
  return {
    source: (source: string) => `${prefix}:source:${source}`,
    sources: `${prefix}:sources`,
    meta: (source: string) => `${prefix}:meta:${source}`,
    view: (source: string) => `${prefix}:view:${source}`,
    own: (key: string) => `${prefix}:own:${key}`,
    key: (key: string) => `${prefix}:key:${key}`,
    effects: (key: string) => `${prefix}:effects:${key}`,
    history: (key: string) => `${prefix}:history:${key}`,
    due: `${prefix}:due`,
    patterns: `${prefix}:patterns`,
    log: `${prefix}:log`,
    index: (index: string) => `${prefix}:index:${index}`,
    deletions: (namespace: string) => `${prefix}:deletions:${namespace}`,
    brake: (namespace: string) => `${prefix}:brake:${namespace}`,
    born: `${prefix}:born`,
    budget: (of: string) => `${prefix}:budget:${of}`,
    turns: (of: string) => `${prefix}:turns:${of}`,
    reading: (name: string) => `${prefix}:reading:${name}`,
    readingLock: (name: string) => `${prefix}:reading-lock:${name}`,
  };
}
