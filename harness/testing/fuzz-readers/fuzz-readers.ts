import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Reader } from '../../trace/readers/reader.js';
import { READERS } from '../../trace/readers/registry.js';
import { checkInput } from './check.js';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '2000' },
    reader: { type: 'string' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    /** Writes the log of the first input there. */
    save: { type: 'string' },
  },
});
/** Failures of a reader that are shown. */
const SHOWN = 5;

/** Reads mutated logs of one reader. Returns how many it failed on. */
async function fuzzReader(reader: Reader): Promise<number> {
  const first = Number(values.first);
  const seed = Number(values.seed);
  const inputs = Number(values.inputs);
  let read = 0;
  let failures = 0;
  const kinds = new Set<string>();
  for (let number = first; number < first + inputs; number++) {
    const checked = await checkInput(reader, seed, number);
    if (values.save !== undefined && number === first) writeFileSync(values.save, checked.content);
    if (checked.read) read++;
    if (checked.wrong === undefined) continue;
    failures++;
    const kind = checked.wrong.replace(/\d+/g, 'N').slice(0, 150);
    if (kinds.has(kind) || kinds.size === SHOWN) continue;
    kinds.add(kind);
    process.stdout.write(
      `${reader.name}: ${checked.wrong}\n  npm run fuzz:readers -- --reader ${reader.name} --seed ${seed} --first ${number} --inputs 1 --save log\n`,
    );
  }
  process.stdout.write(`${reader.name}: ${inputs} logs, ${read} read to their end, ${failures} failures\n`);
  return failures;
}

const readers = READERS.filter(({ name }) => values.reader === undefined || name === values.reader);
if (readers.length === 0) throw new Error(`there is no reader ${values.reader}`);
let failures = 0;
for (const reader of readers) failures += await fuzzReader(reader);
if (failures > 0) process.exitCode = 1;
