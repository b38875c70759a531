/** `npm run check`: everything that can be said of the code without running it. Exit code 1 when any check fails. */
import { CHECKS, runChecks } from './checks.ts';

const failed = await runChecks((line) => process.stdout.write(`${line}\n`));
process.stdout.write(`${CHECKS.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
