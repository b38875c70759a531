/** Loaded into the processes of tests: the file of MUTANT_FILE has the text of MUTANT_TEXT. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const { MUTANT_FILE = '', MUTANT_TEXT = '' } = process.env;
const url = pathToFileURL(MUTANT_FILE).href;

registerHooks({
  load(asked, context, next) {
    if (asked !== url) return next(asked, context);
    return { format: 'module-typescript', source: readFileSync(MUTANT_TEXT, 'utf8'), shortCircuit: true };
  },
});
