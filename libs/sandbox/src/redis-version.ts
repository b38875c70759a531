/** The oldest Redis whose scripts and AOF behave as needed. */
export const OLDEST_REDIS_MAJOR = 7;

/** `Redis server v=7.0.15 sha=…` and `redis_version:7.0.15` give `{ major: 7, text: '7.0.15' }`. */
export function parseRedisVersion(text: string): { readonly major: number; readonly text: string } | undefined {
  const match = /(?:v=|redis_version:)((\d+)\.[\w.-]+)/.exec(text);
  return match === null ? undefined : { major: Number(match[2]), text: match[1] ?? '' };
}
