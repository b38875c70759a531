/** `npm run --silent env`: what a shell needs to reach the sandbox, for `source <(…)`. `-- --state DIR` names another one. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readState, statePaths } from '@meshkeeper/sandbox';
import { stateArguments, stateFolder } from './state-folder.ts';

const { values } = parseArgs({ options: { state: { type: 'string' } } });
const paths = statePaths(stateFolder(values.state));
const { binaries, ports } = readState(paths.state);
if (binaries === undefined || ports === undefined || !existsSync(paths.kubeconfig)) {
  console.error(`There is no sandbox in ${paths.folder}: npm start${stateArguments(paths.folder)} makes one.`);
  process.exitCode = 1;
} else {
  const words = [
    `export KUBECONFIG=${quote(paths.kubeconfig)}`,
    `export MESHKEEPER_SANDBOX=${quote(paths.folder)}`,
    `export MESHKEEPER_CONSOLE=http://127.0.0.1:${ports.console}`,
    `export PATH=${quote(binaries)}:"$PATH"`,
  ];
  console.log(words.join('; '));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
