/**
 * Builds what a start needs, and with the word `test` what the tests need, too. It runs while the packages are installed, so that it
 * imports none of them. It prints nothing: a start waits for it and shows its progress, and reports what it fails at.
 */
import { ensureGcsEmulator, ensureS3Server } from '../object-stores/object-store-binaries.ts';
import { controlPlaneBinaries } from './control-plane-binaries.ts';

// A Ctrl-C in the terminal ends this, too, and `exit` ends the compilers.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
await controlPlaneBinaries();
await ensureS3Server();
if (process.argv.includes('test')) await ensureGcsEmulator();
