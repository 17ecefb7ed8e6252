import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import type { Choice } from './event.js';
import { type Counts, choices, eventsOf, runBoth } from './lockstep.js';
import { type AnyMachineName, machineNamed } from './machines.js';

/** What to run, and how much of it. */
export interface FuzzOptions {
  readonly machine: AnyMachineName;
  readonly seed: number;
  /** Random traces; not with `path`. */
  readonly runs: number;
  /** Most choices of a trace: a part of what seed and path stand for. */
  readonly size: number;
  /** fast-check's path to one trace. */
  readonly path?: string | undefined;
}

/** What a round of random traces came to. */
export interface FuzzResult extends Counts {
  /** What failed and how to see it again; undefined when nothing did. */
  readonly failure: string | undefined;
}

/** A failure is not shrunk further than this: within the time that the campaign allows for a round. A round takes seconds. */
export const MOST_TIME = { interruptAfterTimeLimit: 240_000, markInterruptAsFailure: true } as const;

/** That a round was ended for its time, with no failure among its traces; undefined where it has failed in one of them. */
export function unfinished<T>({ counterexample, numRuns, seed }: fc.RunDetails<T>): string | undefined {
  if (counterexample !== null) return undefined;
  const seconds = MOST_TIME.interruptAfterTimeLimit / 1000;
  return `seed ${seed}: not finished after ${seconds} s, ${numRuns} traces without a failure; a smaller --size takes less`;
}

/** The commit that is tested. */
export function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}

/** Runs random traces through a machine and the naive model until one fails, and shrinks that. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { machine, seed, runs, size, path } = options;
  const counts = { events: 0, counters: {} as Record<string, number> };
  const details = await fc.check(
    fc.asyncProperty(choices(size), async (chosen) => {
      const events = eventsOf(machineNamed(machine), chosen);
      await runBoth(machineNamed(machine), events, counts);
    }),
    { numRuns: runs, seed, ...MOST_TIME, ...(path === undefined ? {} : { path }) },
  );
  return { ...counts, failure: details.failed ? describe(options, details) : undefined };
}

function describe({ machine, size }: FuzzOptions, details: fc.RunDetails<[Choice[]]>): string {
  const { seed, counterexamplePath, counterexample, errorInstance } = details;
  const late = unfinished(details);
  if (late !== undefined) return late;
  const events = counterexample ? eventsOf(machineNamed(machine), counterexample[0]) : [];
  return [
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
    `machine ${machine}, seed ${seed}, path ${counterexamplePath}, commit ${commit()}; to see it again:`,
    `npm run fuzz -- --machine ${machine} --size ${size} --seed ${seed} --path ${counterexamplePath}`,
    'time_us,op,space,page,count,arg',
    ...events.map(({ text }, i) => `${i},${text}`),
  ].join('\n');
}
