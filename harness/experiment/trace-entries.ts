import { z } from 'zod';
import { InputError, type Place } from '../base/errors.js';
import { MAX_WHOLE } from '../metrics/axes.js';
import { chooseWorkload, DEFAULT_SEED } from './workload.js';

/** The most traces that an entry with lists of values may expand to. */
const MAX_TRACES = 1000;

const scalar = z.union([z.string(), z.number()], 'expected a text or a number').transform(String);

/** A name that stands in labels, file names and the `where` of claims. */
const entryName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'expected up to 60 lower case letters, digits and "-"');

/** An entry of `traces:` that is generated, as its file says it: a list of values is an axis of its own. */
export const generatedEntry = z.strictObject({
  workload: z.string('expected the name of a workload'),
  /** What results call it, followed by the parameters that have a list of values. */
  name: entryName.optional(),
  params: z
    .record(z.string(), z.union([scalar, z.array(scalar).min(1)], 'expected a value, or a list of values'))
    .default({}),
  seed: z.int().min(0).max(MAX_WHOLE).default(DEFAULT_SEED),
});

/** What `traces:` of an experiment lists. */
export const traceEntries = z
  .array(z.union([scalar, generatedEntry], 'expected a name, a path, or workload, params and seed'))
  .min(1);

/**
 * A trace that is generated when an experiment runs.
 *
 * @example Compare on a generated trace
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { readExperiment, runExperiment } from 'reclaim-bench';
 *
 * writeFileSync('zipf.yaml', `name: zipf
 * traces: [{ workload: zipf, params: { pages: 500, events: 2000 }, seed: 7 }]
 * discard: keep
 * reclaim: [linux, lru, sieve]
 * limits: [50%]
 * `);
 * const { runs } = await runExperiment(readExperiment('zipf.yaml'), { out: 'zipf' });
 * for (const { reclaim, pgmajfault } of runs) console.log(reclaim, pgmajfault);
 * // → linux 143
 * // → lru 85
 * // → sieve 74
 * ```
 */
export interface GeneratedTrace {
  readonly workload: string;
  /** What results call it; undefined where that is the workload and what differs from its defaults. */
  readonly name?: string;
  /** Parameters as written; the others are at their defaults. */
  readonly params: Readonly<Record<string, string>>;
  readonly seed: number;
}

/** A trace of an experiment: the name of a shipped one, a path relative to the experiment's file, or one to generate. */
export type TraceEntry = string | GeneratedTrace;

type GeneratedEntry = z.output<typeof generatedEntry>;

/**
 * The traces that an entry expands to: all combinations of its values, the last parameter changing fastest.
 *
 * @param placeOf returns the place in the file of a key of the entry
 * @throws InputError for an unknown workload or parameter, or a value out of range
 */
export function expandEntry(
  entry: string | GeneratedEntry,
  placeOf: (path: readonly PropertyKey[]) => Place,
): TraceEntry[] {
  if (typeof entry === 'string') return [entry];
  const { workload, seed } = entry;
  checkEntry(entry, placeOf);
  let combinations: Record<string, string>[] = [{}];
  for (const [key, values] of Object.entries(entry.params)) {
    combinations = combinations.flatMap((given) =>
      [values].flat().map((value) => ({ ...given, [key]: value })),
    );
    if (combinations.length > MAX_TRACES) {
      throw new InputError(
        `this entry expands to more than ${MAX_TRACES} traces, expected shorter lists`,
        placeOf(['params']),
      );
    }
  }
  return combinations.map((params) => ({ workload, params, seed, ...nameOf(entry, params) }));
}

/** The name of one of the traces of an entry: that of the entry, and the values that tell it from the others. */
function nameOf(
  { name, params: lists }: GeneratedEntry,
  params: Readonly<Record<string, string>>,
): { name?: string } {
  if (name === undefined) return {};
  const varying = Object.entries(params).filter(
    ([key]) => Array.isArray(lists[key]) && lists[key].length > 1,
  );
  const values = varying.map(([key, value]) => `${key}=${value}`).join(',');
  return { name: values === '' ? name : `${name}:${values}` };
}

/** Checks the workload, then each value by itself, so that a message names the place of the one that is wrong. */
function checkEntry(entry: GeneratedEntry, placeOf: (path: readonly PropertyKey[]) => Place): void {
  const check = (params: Record<string, string>, path: readonly PropertyKey[]) => {
    try {
      chooseWorkload(entry.workload, params, entry.seed);
    } catch (error) {
      throw error instanceof InputError ? error.at(placeOf(path)) : error;
    }
  };
  check({}, ['workload']);
  for (const [key, values] of Object.entries(entry.params)) {
    if (Array.isArray(values)) values.forEach((value, i) => void check({ [key]: value }, ['params', key, i]));
    else check({ [key]: values }, ['params', key]);
  }
}
