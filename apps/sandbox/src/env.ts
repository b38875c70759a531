/** `npm run --silent env`: what a shell needs to reach the sandbox, for `source <(…)`. */
import { existsSync } from 'node:fs';
import { FIXED_PORTS, readState, statePaths } from '@meshkeeper/sandbox';
import { stateFolder } from './state-folder.ts';

const paths = statePaths(stateFolder());
const { binaries } = readState(paths.state);
if (binaries === undefined || !existsSync(paths.kubeconfig)) {
  console.error('There is no sandbox yet: npm start makes one.');
  process.exitCode = 1;
} else {
  const words = [
    `export KUBECONFIG=${quote(paths.kubeconfig)}`,
    `export MESHKEEPER_CONSOLE=http://127.0.0.1:${FIXED_PORTS.console}`,
    `export PATH=${quote(binaries)}:"$PATH"`,
  ];
  console.log(words.join('; '));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
