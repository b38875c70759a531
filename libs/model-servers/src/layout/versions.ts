/**
 * The version directory to serve: where every subdirectory's name is a whole number, the largest positive one. Undefined means
 * that the folder has no versions. Names come as a listing gives them.
 */
export function largestVersion(folders: readonly string[]): string | undefined {
  if (folders.length === 0 || !folders.every((name) => /^-?\d+$/.test(name))) return undefined;
  const [largest] = folders
    .filter((name) => BigInt(name) > 0n)
    .sort((left, right) => (BigInt(left) > BigInt(right) ? -1 : 1));
  return largest;
}
