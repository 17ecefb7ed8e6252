import { createHash } from 'node:crypto';
import { InputError } from '../base/errors.js';
import { parseValue } from '../metrics/columns.js';
import { cellText, type Row } from '../metrics/csv.js';
import { wrongWithDraws } from '../metrics/draws.js';
import { type CellKeys, IDENTITY_COLUMNS, type PerfRow, RESULT_COLUMNS } from '../metrics/files.js';
import { type Host, VERSION } from '../metrics/host.js';
import type { CellResult } from './cell.js';
import { momentsJson, momentsOf } from './moments.js';

/** A result that is kept, with the host that its wall time is of: other runs and other hosts may take it over. */
export interface KeptResult extends CellResult {
  readonly host: Host;
}

/** What the file of a finished cell holds. */
interface Entry {
  /** Hash of all that the cell's result depends on. */
  readonly inputs: string;
  /** SHA-256 of the result as it is written here. */
  readonly sha256: string;
  readonly result: Omit<KeptResult, 'timeline'> & { readonly timeline: unknown };
}

function hashOf(resultText: string): string {
  return createHash('sha256').update(resultText).digest('hex');
}

/** A result as JSON, its timeline last. */
function resultJson({ timeline, ...result }: KeptResult): string {
  return `${JSON.stringify(result).slice(0, -1)},"timeline":${momentsJson(timeline)}}`;
}

/** The text of the file of a finished cell. */
export function entryText(inputs: string, result: KeptResult): string {
  const resultText = resultJson(result);
  const entry: Omit<Entry, 'result'> = { inputs, sha256: hashOf(resultText) };
  return `${JSON.stringify(entry).slice(0, -1)},"result":${resultText}}`;
}

/** The row of perf.csv of a result. */
export function perfRowOf({
  cell,
  run,
  wallNs,
  host,
}: Pick<KeptResult, 'cell' | 'run' | 'wallNs' | 'host'>): PerfRow {
  const events = run.events ?? 0;
  return {
    name: `cell/${cell}`,
    sample: 1,
    wall_ns: wallNs,
    events,
    events_per_s: wallNs > 0 ? Math.round((events * 1e9) / wallNs) : null,
    version: VERSION,
    ...host,
  };
}

/** @throws InputError for a value that its column of a file of results cannot hold */
function checkRow(file: 'runs.csv' | 'perf.csv', row: Row): void {
  for (const [column, kind] of Object.entries(RESULT_COLUMNS[file]))
    parseValue(column, kind, cellText(row[column]));
}

/** Whether a result is one of this cell, and agrees with itself: a checksum says nothing of either. */
function isOf(result: KeptResult, keys: CellKeys): boolean {
  const { run, draws, spaces, groups, calls } = result;
  checkRow('runs.csv', run);
  checkRow('perf.csv', { ...perfRowOf(result) });
  return (
    [draws, spaces, groups, calls].every(Array.isArray) &&
    run.trace_sha256 === keys.trace_sha256 &&
    IDENTITY_COLUMNS.every((column) => run[column] === keys[column]) &&
    wrongWithDraws(run, draws) === undefined
  );
}

/**
 * Reads the file of a finished cell. A damaged one, one of other inputs, or the result of another cell counts as missing: its
 * cell runs again.
 *
 * @param keys what the cell is
 */
export function readEntry(text: string, inputs: string, keys: CellKeys): KeptResult | undefined {
  try {
    const entry = JSON.parse(text) as Partial<Entry>;
    const { result } = entry;
    if (!result || entry.inputs !== inputs || entry.sha256 !== hashOf(JSON.stringify(result)))
      return undefined;
    const timeline = momentsOf(result.timeline);
    const read = timeline && { ...result, timeline };
    return read && isOf(read, keys) ? read : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof InputError)
      return undefined;
    throw error;
  }
}
