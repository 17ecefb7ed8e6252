import { parseArgs } from 'node:util';
import { commands } from './commands.js';
import { files } from './files.js';
import { gate } from './gate.js';
import { kills } from './kills.js';
import { machine, relations } from './machine.js';
import type { PartResult } from './part.js';
import { policies } from './policies.js';
import { readers } from './readers.js';

/** A part of the campaign: tries what seeds stand for, until there are no more or it is not to go on. */
type Part = (seeds: Iterable<number>, goOn: () => boolean) => Promise<PartResult>;

/** All parts, and their share of the time. */
const PARTS: Readonly<Record<string, { readonly share: number; readonly part: Part }>> = {
  machine: { share: 3, part: machine },
  relations: { share: 3, part: relations },
  gate: { share: 1, part: gate },
  policies: { share: 1, part: policies },
  readers: { share: 3, part: readers },
  files: { share: 2, part: files },
  kills: { share: 3, part: kills },
  commands: { share: 4, part: commands },
};

const MOST_SEED = 2 ** 31;
/** Notes of a part that are shown. */
const SHOWN = 20;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    /** The first seed of every part. */
    seed: { type: 'string' },
    /** How many seeds a part may use: 1 tries one again. */
    seeds: { type: 'string', default: String(MOST_SEED) },
    part: { type: 'string' },
  },
});

function* seedsFrom(first: number, count: number): Iterable<number> {
  for (let i = 0; i < count; i++) yield (first + i) % MOST_SEED;
}

function chosen(): [string, { share: number; part: Part }][] {
  const all = Object.entries(PARTS);
  if (values.part === undefined) return all;
  const found = all.filter(([name]) => name === values.part);
  if (found.length > 0) return found;
  throw new Error(`there is no part ${values.part}, expected one of ${Object.keys(PARTS).join(', ')}`);
}

const first = values.seed === undefined ? Date.now() % MOST_SEED : Number(values.seed);
const parts = chosen();
const shares = parts.reduce((sum, [, { share }]) => sum + share, 0);
let failures = 0;
for (const [name, { share, part }] of parts) {
  const started = Date.now();
  const end = started + (Number(values.minutes) * 60_000 * share) / shares;
  const { tried, failed, seeds, notes } = await part(
    seedsFrom(first, Number(values.seeds)),
    () => Date.now() < end,
  );
  failures += failed;
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(`${name}: ${tried} tried, ${failed} failed, from seed ${first}, ${seconds} s\n`);
  for (const note of notes.slice(0, SHOWN)) process.stdout.write(`  ${note}\n`);
  for (const seed of seeds.slice(0, SHOWN))
    process.stdout.write(`  again: npm run campaign -- --part ${name} --seed ${seed} --seeds 1\n`);
}
process.stdout.write(failures === 0 ? 'nothing failed\n' : `${failures} seeds failed\n`);
if (failures > 0) process.exitCode = 1;
