import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../src/run-cli.ts';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

/** One command in this process, with the words that it says. */
export async function meshkeeper(args: readonly string[], stdin = ''): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await runCli(args, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    stdin: async () => stdin,
  });
  return { code, out, err };
}

/** A folder for a test's files. */
export function scratchFolder(): {
  readonly write: (name: string, content: string | object) => string;
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-cli-'));
  return {
    write(name, content) {
      const file = join(folder, name);
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
