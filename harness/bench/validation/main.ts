/**
 * `npm run validate:reclaim`: compares the simulated kernel's `linux` reclaim with measurements of a live one. Prints
 * a table; the exit code is 1 when a row is further off than allowed.
 */
import { MEASURED } from './measured.js';
import { validationTable } from './table.js';
import { type Validated, validateRow } from './validate.js';

const results: Validated[] = [];
for (const row of MEASURED) results.push(await validateRow(row));
process.stdout.write(`${validationTable(results)}\n`);
if (results.some(({ ok }) => !ok)) process.exitCode = 1;
