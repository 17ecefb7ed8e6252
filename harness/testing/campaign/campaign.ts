import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Entry, LANES } from './parts.js';
import { Tally } from './tally.js';
import { endAll, watched } from './watched.js';

const MOST_SEED = 2 ** 30;

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

/** A number of the command line. */
function number(name: 'minutes' | 'seed' | 'seeds', text: string): number {
  const value = Number(text);
  if (text !== '' && value >= 0 && (name === 'minutes' || Number.isSafeInteger(value))) return value;
  throw new Error(`--${name} ${text} is not a number`);
}

const minutes = number('minutes', values.minutes);
const first = values.seed === undefined ? Date.now() % MOST_SEED : number('seed', values.seed);
const seeds = number('seeds', values.seeds);
const folder = mkdtempSync(join(tmpdir(), 'reclaim-campaign-'));
const tallies: Tally[] = [];

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The parts that were asked for, by lane. */
function chosen(): Entry[][] {
  const lanes = LANES.map((lane) =>
    lane.filter(({ name }) => values.part === undefined || name === values.part),
  );
  if (lanes.some((lane) => lane.length > 0)) return lanes;
  const names = LANES.flat().map(({ name }) => name);
  throw new Error(`there is no part ${values.part}, expected one of ${names.join(', ')}`);
}

/** Runs a part until its time is over. Where its process fails, the next one begins after the seed that did it. */
async function runPart(name: string, ms: number): Promise<void> {
  const tally = new Tally(name, first, print);
  tallies.push(tally);
  const [started, after] = [Date.now(), first + seeds];
  for (let next = first; next < after && (next === first || Date.now() < started + ms); ) {
    const failure = await watched({
      part: name,
      first: next,
      seeds: after - next,
      end: started + ms,
      folder,
      round: (seed, round) => tally.add(seed, round),
    });
    if (!failure) break;
    tally.fail(failure.seed, [failure.wrong]);
    next = failure.seed + 1;
  }
  tally.spend(Date.now() - started);
  print(tally.summary());
}

async function runLane(lane: readonly Entry[]): Promise<void> {
  const shares = lane.reduce((sum, { share }) => sum + share, 0);
  for (const { name, share, missing } of lane) {
    const what = missing?.();
    if (what !== undefined) print(`${name}: skipped: ${what}`);
    else await runPart(name, (minutes * 60_000 * share) / shares);
  }
}

/** Tells what was tried, and ends with 1 where anything failed. */
function finish(): void {
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
  print(failed === 0 ? 'nothing failed' : `${failed} seeds failed`);
  if (failed > 0) process.exitCode = 1;
}

process.on('exit', () => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    for (const tally of tallies) print(tally.summary());
    finish();
    process.exit(128 + (signal === 'SIGINT' ? 2 : 15));
  });
await Promise.all(chosen().map(runLane));
finish();
