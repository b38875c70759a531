/** `npm start`: a whole cluster on this machine, or our processes against a cluster of the user's. */
import type { Progress } from '@meshkeeper/sandbox';
import { HELP, parseArguments, type Arguments } from './arguments.ts';
import { listenForInterrupt } from './interrupt.ts';
import { progressLines } from './progress-lines.ts';
import { runOnContext } from './run-on-context.ts';
import { runSandbox } from './run-sandbox.ts';
import { stateFolder } from './state-folder.ts';

const output = {
  isTerminal: process.stdout.isTTY,
  columns: process.stdout.columns || 80,
  write: (text: string): void => void process.stdout.write(text),
};

async function run(given: Exclude<Arguments, { readonly kind: 'help' }>): Promise<void> {
  // Leaving the process ends its children, too.
  const { signal } = listenForInterrupt(() => process.exit(130));
  const lines = progressLines(output, () => performance.now());
  const say = (text: string): void => output.write(`${text}\n`);
  const show = (progress: Progress): void => lines.show(progress);
  const common = { folder: stateFolder(given.state), signal, show, say, replicas: given.replicas };
  try {
    if (given.kind === 'sandbox') await runSandbox({ ...common, fresh: given.fresh, mlserver: given.mlserver });
    else await runOnContext({ ...common, context: given.context });
  } finally {
    lines.close();
  }
}

try {
  const given = parseArguments(process.argv.slice(2));
  if (given.kind === 'help') output.write(HELP);
  else await run(given);
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
