/**
 * A number that looks random but is the same for the same pair: of equally good instances each model gets another one,
 * also when two instances decide at the same moment. FNV-1a, with the last bits mixed, as ids differ mostly at their end.
 */
export function rank(modelId: string, instanceId: string): number {
  let hash = 0x811c9dc5;
  for (const text of [modelId, '/', instanceId]) {
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
