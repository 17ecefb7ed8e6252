import { parseArgs } from 'node:util';
import { type AnyMachineName, HUGE_MACHINES, MACHINES } from './machines.js';
import { fuzz } from './report.js';
import { fuzzRest } from './rest.js';

const SMALL = Object.keys(MACHINES) as AnyMachineName[];
const HUGE = Object.keys(HUGE_MACHINES) as AnyMachineName[];
const NAMES = [...SMALL, ...HUGE];
/** Traces between two looks at the clock. */
const ROUND = 50;
/** The same where memory may be huge, and every check looks at three whole page tables: a second a trace and more. */
const HUGE_ROUND = 10;
const SIZES = [30, 150, 1000];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    machine: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
    size: { type: 'string' },
    relations: { type: 'boolean', default: false },
    huge: { type: 'boolean', default: false },
  },
});

function named(name: string): AnyMachineName {
  const found = NAMES.find((known) => known === name);
  if (!found) throw new Error(`there is no machine ${name}, expected one of ${NAMES.join(', ')}`);
  return found;
}

/** Runs one round; true when it failed. */
async function round(machine: AnyMachineName, seed: number, size: number, runs: number): Promise<boolean> {
  const { events, failure } = await fuzz({ machine, seed, runs, size, path: values.path });
  process.stdout.write(`${machine}, size ${size}, seed ${seed}: ${events} events\n`);
  if (failure === undefined) return false;
  process.stdout.write(`${failure}\n`);
  return true;
}

/** Rounds of relations until the time is over; true when one failed. */
async function relations(): Promise<boolean> {
  const end = Date.now() + Number(values.minutes) * 60_000;
  const size = Number(values.size ?? SIZES[1]);
  let seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  do {
    const { failure, ...counts } = await fuzzRest({
      seed,
      runs: values.huge ? HUGE_ROUND : ROUND,
      size,
      path: values.path,
      huge: values.huge,
    });
    process.stdout.write(`relations, size ${size}, seed ${seed}: ${JSON.stringify(counts)}\n`);
    if (failure !== undefined) process.stdout.write(`${failure}\n`);
    if (failure !== undefined || values.path !== undefined) return failure !== undefined;
    seed++;
  } while (Date.now() < end);
  return false;
}

async function main(): Promise<boolean> {
  if (values.relations) return relations();
  const machines = values.machine === undefined ? (values.huge ? HUGE : SMALL) : [named(values.machine)];
  const sizes = values.size === undefined ? SIZES : [Number(values.size)];
  if (values.path !== undefined)
    return round(named(values.machine ?? ''), Number(values.seed), sizes[0]!, ROUND);
  const end = Date.now() + Number(values.minutes) * 60_000;
  for (
    let seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
    Date.now() < end;
    seed++
  ) {
    for (const machine of machines) {
      for (const size of sizes)
        if (await round(machine, seed, size, Math.ceil((ROUND * 30) / size))) return true;
    }
  }
  return false;
}

if (await main()) process.exitCode = 1;
