import fc from 'fast-check';
import { InputError } from '../../base/errors.js';
import { Refusal } from '../../contract/refusal.js';
import type { TestRun } from '../machine.js';
import { hugeTrace } from './huge-events.js';
import { broken, outcomeOf, RELATIONS } from './relations.js';
import { commit, MOST_TIME, unfinished } from './report.js';
import { restTrace } from './rest-events.js';
import { fitting, hugeMachine, restMachine } from './rest-machines.js';

/** What to run, and how much of it. */
export interface RestOptions {
  readonly seed: number;
  readonly runs: number;
  /** Most choices of a trace. */
  readonly size: number;
  /** fast-check's path to one trace. */
  readonly path?: string | undefined;
  /** Whether traces are those of memory that may be huge. */
  readonly huge?: boolean | undefined;
}

/** What a round came to. */
export interface RestResult {
  readonly traces: number;
  /** Events replayed, those of changed traces included. */
  readonly events: number;
  readonly relations: number;
  /** Traces that made no sense on their machine, or that it refused. */
  readonly invalid: number;
  readonly failure: string | undefined;
}

/** Relations looked at for a trace. */
const PER_TRACE = 3;

/** Replays random traces of `restTrace` on random machines, with invariants checked, and looks at relations of each. */
export async function fuzzRest({ seed, runs, size, path, huge = false }: RestOptions): Promise<RestResult> {
  const counts = { traces: 0, events: 0, relations: 0, invalid: 0 };
  const look = async (all: readonly string[], machine: TestRun, first: number): Promise<void> => {
    const lines = fitting(all, machine);
    counts.traces++;
    counts.events += lines.length;
    let before: Awaited<ReturnType<typeof outcomeOf>>;
    try {
      before = await outcomeOf(lines, machine);
    } catch (error) {
      if (!(error instanceof InputError || error instanceof Refusal)) throw error;
      counts.invalid++;
      return;
    }
    const apply = RELATIONS.filter(({ applies }) => applies?.(machine, lines) !== false);
    for (let i = 0; i < Math.min(PER_TRACE, apply.length); i++) {
      const problem = await broken(apply[(first + i) % apply.length]!, machine, lines, before);
      counts.relations++;
      counts.events += lines.length;
      if (problem !== undefined) throw new Error(problem);
    }
  };
  const property = fc.asyncProperty(
    huge ? hugeTrace(size) : restTrace(size),
    huge ? hugeMachine : restMachine,
    fc.nat(99),
    look,
  );
  const details = await fc.check(property, {
    numRuns: runs,
    seed,
    ...MOST_TIME,
    ...(path === undefined ? {} : { path }),
  });
  return { ...counts, failure: details.failed ? describe({ size, huge }, details) : undefined };
}

function describe(
  { size, huge }: { readonly size: number; readonly huge: boolean },
  details: fc.RunDetails<[readonly string[], TestRun, number]>,
): string {
  const { seed, counterexamplePath, counterexample, errorInstance } = details;
  const late = unfinished(details);
  if (late !== undefined) return late;
  const [lines, machine] = counterexample ?? [[], {}];
  return [
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance),
    `${JSON.stringify(machine)}, seed ${seed}, path ${counterexamplePath}, commit ${commit()}; to see it again:`,
    `npm run fuzz -- --relations${huge ? ' --huge' : ''} --size ${size} --seed ${seed} --path ${counterexamplePath}`,
    'time_us,op,space,page,count,arg',
    ...fitting(lines, machine),
  ].join('\n');
}
