/** `npm run --silent env`: what a shell needs to reach the sandbox, for `source <(…)`. */
import { existsSync } from 'node:fs';
import { readState, statePaths } from '@meshkeeper/sandbox';
import { stateFolder } from './state-folder.ts';

const paths = statePaths(stateFolder());
const { binaries } = readState(paths.state);
if (binaries === undefined || !existsSync(paths.kubeconfig)) {
  console.error('There is no sandbox yet: npm start makes one.');
  process.exitCode = 1;
} else {
  console.log(`export KUBECONFIG=${quote(paths.kubeconfig)}; export PATH=${quote(binaries)}:"$PATH"`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
