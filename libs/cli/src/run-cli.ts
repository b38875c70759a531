import { CallError } from '@meshkeeper/domain';
import { InputError } from './input-error.ts';
import { drift } from './drift.ts';
import { explain } from './explain.ts';
import type { Io } from './io.ts';
import { plan } from './plan.ts';
import { render } from './render.ts';

const HELP = `Usage: meshkeeper COMMAND [OPTIONS]      (or: kubectl meshkeeper COMMAND [OPTIONS])

Commands:
  render   prints every object that Meshkeeper would make of some files; needs no cluster
  plan     shows what Meshkeeper would change in a cluster, with some files laid over it
  explain  says why a model is not ready, and which change caused which write
  drift    shows where objects, the mesh's records and the pods disagree

meshkeeper COMMAND --help lists its options.
`;

const COMMANDS: Readonly<Record<string, (args: readonly string[], io: Io) => Promise<number>>> = {
  render,
  plan,
  explain,
  drift,
};

/** Runs one command and gives its exit code. What the user can fix is one line on stderr, never a stack. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const [name = '--help', ...rest] = args;
  if (['--help', '-h', 'help'].includes(name)) {
    io.out(HELP);
    return 0;
  }
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) throw new InputError(`there is no command ${name}; see meshkeeper --help`);
    return await command(rest, io);
  } catch (error) {
    if (!(error instanceof InputError) && !(error instanceof CallError)) throw error;
    io.err(`error: ${error.message}\n`);
    return 1;
  }
}
