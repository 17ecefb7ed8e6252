import { MACHINES, type MachineName } from '../fuzz/machines.js';
import { fuzz } from '../fuzz/report.js';
import { fuzzRest } from '../fuzz/rest.js';
import type { Part, Round } from './part.js';

const NAMES = Object.keys(MACHINES) as MachineName[];
const TRACES = 20;
const EVENTS = 150;

function roundOf(events: number, failure: string | undefined, more = {}): Round {
  return { tried: TRACES, failures: failure === undefined ? [] : [failure], counts: { events, ...more } };
}

/** Random traces through the machine and its naive model, in turn on each machine of the fuzzer. */
export async function machine(): Promise<Part> {
  return async (seed) => {
    const name = NAMES[seed % NAMES.length]!;
    const { events, failure } = await fuzz({ machine: name, seed, runs: TRACES, size: EVENTS });
    return roundOf(events, failure);
  };
}

/** Relations of random traces with what the naive model lacks. */
export async function relations(): Promise<Part> {
  return async (seed) => {
    const done = await fuzzRest({ seed, runs: TRACES, size: EVENTS });
    const { events, traces, failure } = done;
    return {
      ...roundOf(events, failure, { relations: done.relations, refused: done.invalid }),
      tried: traces,
    };
  };
}
