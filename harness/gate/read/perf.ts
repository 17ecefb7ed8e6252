import { InputError, type Place } from '../../base/errors.js';
import { wholeNumber } from '../../base/parse.js';
import { parseCsv } from '../../metrics/csv.js';
import type { PerfRow } from '../../metrics/files.js';

/** Wall times of one thing that was timed. */
export interface Samples {
  /** Events that one run works through: times of other numbers are not comparable. */
  readonly events: number;
  /** In ns, in the order of the file. */
  readonly wallNs: readonly number[];
  /** Fingerprint of the host that they are of. */
  readonly host: string;
}

/** A perf.csv: samples by name, those of a name of one host. */
export interface Perf {
  /** Fingerprints of the hosts, several where the cells of an experiment were shared out; undefined where the file has no samples. */
  readonly host: string | undefined;
  readonly samples: ReadonlyMap<string, Samples>;
}

const NEEDED = ['name', 'wall_ns', 'events', 'host'] as const satisfies readonly (keyof PerfRow)[];

function countIn(
  row: Readonly<Record<'wall_ns' | 'events', string>>,
  column: 'wall_ns' | 'events',
  place: () => Place,
): number {
  const value = wholeNumber(row[column]);
  if (value >= 0) return value;
  throw new InputError(`${column} is "${row[column]}", expected a whole number`, place());
}

/**
 * Reads perf.csv.
 *
 * @throws InputError with the line for a missing column, a malformed value, or samples of one thing on two hosts
 */
export function parsePerf(text: string, file: string): Perf {
  const { rows, lineOf } = parseCsv(text, file, NEEDED);
  const samples = new Map<string, { events: number; wallNs: number[]; host: string }>();
  const hosts = [...new Set(rows.map((row) => row.host))].sort();
  rows.forEach((row, i) => {
    const place = () => ({ file, line: lineOf(i) });
    const known = samples.get(row.name) ?? { events: 0, wallNs: [], host: row.host };
    if (row.host !== known.host)
      throw new InputError(
        `host ${row.host} after host ${known.host}, expected samples of ${row.name} of one host`,
        place(),
      );
    const ns = countIn(row, 'wall_ns', place);
    const events = countIn(row, 'events', place);
    // A cell that a policy refused was never run, and has no time.
    if (ns === 0) return;
    if (known.wallNs.length === 0) samples.set(row.name, { ...known, events, wallNs: [ns] });
    else known.wallNs.push(ns);
  });
  return { host: hosts.length === 0 ? undefined : hosts.join(', '), samples };
}
