/** The message about an unknown key, with the one that was probably meant, since a misspelt setting silently has no effect. */
export function unknownKey(name: string, known: readonly string[], inside: string): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; did you mean ${inside === '' ? meant : `${inside}.${meant}`}?`;
  return `unknown key, without effect${hint}`;
}

/** A third of its letters may be wrong, and always two: they change places easily. A dot looks like a path, but only `::` is one. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const [first = '', ...rest] = name.split('.');
  const group = known.find((key) => key.toLowerCase() === first.toLowerCase());
  if (group !== undefined) return [group, ...rest].join('::');
  const most = Math.max(2, Math.floor(name.length / 3));
  const ranked = known.map((key) => ({ key, distance: editDistance(name.toLowerCase(), key.toLowerCase(), most) }));
  const [best] = ranked.sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= most ? best.key : undefined;
}

/** How many letters must be put in, taken out or changed. Above `most` it does not matter how many. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
