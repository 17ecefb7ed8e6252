import { MACHINES, type MachineName } from '../fuzz/machines.js';
import { fuzz } from '../fuzz/report.js';
import { fuzzRest } from '../fuzz/rest.js';
import type { PartResult } from './part.js';
import { type Round, rounds } from './rounds.js';

const NAMES = Object.keys(MACHINES) as MachineName[];
const TRACES = 20;
const EVENTS = 150;

function roundOf(events: number, traces: number, failure: string | undefined, more = {}): Round {
  return { tried: traces, failures: failure === undefined ? [] : [failure], counts: { events, ...more } };
}

/** Random traces through the machine and its naive model, in turn on each machine of the fuzzer. */
export function machine(seeds: Iterable<number>, goOn: () => boolean): Promise<PartResult> {
  return rounds(seeds, goOn, async (seed) => {
    const name = NAMES[seed % NAMES.length]!;
    const { events, failure } = await fuzz({ machine: name, seed, runs: TRACES, size: EVENTS });
    return roundOf(events, TRACES, failure);
  });
}

/** Relations of random traces with what the naive model lacks. */
export function relations(seeds: Iterable<number>, goOn: () => boolean): Promise<PartResult> {
  return rounds(seeds, goOn, async (seed) => {
    const done = await fuzzRest({ seed, runs: TRACES, size: EVENTS });
    return roundOf(done.events, done.traces, done.failure, {
      relations: done.relations,
      refused: done.invalid,
    });
  });
}
