/**
 * Fails on words that do not belong in this project's English: comments, names, messages, tests and docs. A reader should never have to
 * translate; `docs/style.md` says what to write instead.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const BANNED: readonly RegExp[] = [
  /\b(tells?|told|telling)\b/i,
  /[a-z](Told|Tells?)(?=[A-Z]|\b)|\b(told|tell)[A-Z]/,
  /\b(whoever|nobody|somebody|anew|meanwhile|besides|thereupon|hitherto|foretells?|foretold)\b/i,
  /\b(goes|go|going|went) on\b/i,
  /\b(asks?|asked|asking) for\b/i,
  /\bstands? (for|there|in)\b/i,
  /\bby another hand\b/i,
  /\b(mends?|mended|mending)\b/i,
  /\bat once\b/i,
];

/** Files whose words are not ours: generated code, licences, recorded data, and this list. */
const EXEMPT = /\/gen\/|\/testdata\/|\/fixtures\/|^LICENSE|package-lock|^tools\/check-words\.ts$|^docs\/style\.md$/;

const files = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.lua', '*.go', '*.md', '*.yaml', '*.sh', '*.proto'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((file) => !EXEMPT.test(file));
const findings = files.flatMap((file) => wordsIn(file, readFileSync(file, 'utf8')));
for (const finding of findings) console.error(finding);
if (findings.length > 0) {
  console.error(`${findings.length} lines have words that docs/style.md advises against.`);
  process.exitCode = 1;
}

function wordsIn(file: string, text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const found = BANNED.map((banned) => banned.exec(line)?.[0]).find((word) => word !== undefined);
    return found === undefined ? [] : [`${file}:${index + 1}: "${found}" in: ${line.trim().slice(0, 140)}`];
  });
}
