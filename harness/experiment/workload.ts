import { WORKLOADS } from '../../workloads/registry.js';
import { unknownName } from '../base/nearest.js';
import { formatPolicy, type ParameterValues, parseParameters } from '../base/parameters.js';
import { randomStream } from '../stats/random.js';
import type { TraceSource, Workload } from '../trace/source.js';

/** The seed of a generated trace where none is given. */
export const DEFAULT_SEED = 1;

/** Seeds have 31 bits. */
const SEEDS = 2 ** 31;

/**
 * The seed of a replicate of a generated trace: the first is the trace itself, the others have seeds drawn from a stream of
 * their own each.
 */
export function replicateSeed(seed: number, replicate: number): number {
  return replicate === 1 ? seed : Math.floor(randomStream(seed, `replicate/${replicate}`)() * SEEDS);
}

/** A generator with the values of its parameters and a seed: what a synthetic trace is made from. */
export interface ChosenWorkload {
  readonly workload: Workload;
  readonly values: ParameterValues;
  readonly seed: number;
  /** What results call its trace: the name, and what differs from the defaults. */
  readonly label: string;
}

/**
 * The generator of a name, with its parameters.
 *
 * @throws InputError for an unknown name or parameter, or a value out of range
 */
export function chooseWorkload(
  name: string,
  given: Readonly<Record<string, string>>,
  seed: number,
): ChosenWorkload {
  const workload = WORKLOADS.find((known) => known.name === name);
  if (!workload)
    throw unknownName(
      'workload',
      name,
      WORKLOADS.map((known) => known.name),
    );
  const values = parseParameters(`workload ${name}`, workload.parameters, given);
  const text = formatPolicy(name, workload.parameters, values);
  const seeded = `${text}${text === name ? ':' : ','}seed=${seed}`;
  return { workload, values, seed, label: seed === DEFAULT_SEED ? text : seeded };
}

/** Produces the trace; the same choice always produces the same bytes. */
export function generate({ workload, values, seed }: ChosenWorkload): TraceSource {
  return workload.generate({
    values,
    seed,
    random: (purpose) => randomStream(seed, `${workload.name}/${purpose}`),
  });
}
