#!/usr/bin/env node
/**
 * `meshkeeper`, and as a plugin `kubectl meshkeeper`: shows what the controller would do, and what disagrees with it, by the same pure
 * functions. It writes nothing, neither to a cluster nor to Redis.
 */
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runCli } from '@meshkeeper/cli';

// The reader may close the pipe early: `meshkeeper render … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runCli(process.argv.slice(2), {
  out: (written) => process.stdout.write(written),
  err: (written) => process.stderr.write(written),
  stdin: () => text(process.stdin),
  // That of this clone, or the one whose variables the shell has from `npm run env`.
  sandbox: process.env['MESHKEEPER_SANDBOX'] || join(import.meta.dirname, '..', '..', '..', '.sandbox'),
});
