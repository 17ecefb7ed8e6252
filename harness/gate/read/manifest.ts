import { InputError } from '../../base/errors.js';
import type { Manifest } from '../../metrics/manifest.js';
import { OUTCOMES } from '../../metrics/schema.js';
import type { CellRow, Runs } from './runs.js';

/** The hash that a manifest has of the trace of a row; undefined where it has no such trace. */
function hashIn({ traces }: Manifest, { identity }: CellRow): string | undefined {
  const trace = traces.find(({ trace: label }) => label === identity.trace);
  if (trace?.replicates === undefined) return trace?.trace_sha256;
  return trace.replicates.find((each) => String(each.replicate) === identity.replicate)?.trace_sha256;
}

/** What is wrong with a row, according to the manifest; undefined if nothing is. */
function wrongWith(row: CellRow, manifest: Manifest): string | undefined {
  const { experiment, draws, cells, replicates } = manifest;
  const number = Number(row.cell);
  if (!Number.isInteger(number) || number < 1 || number > cells.planned)
    return `was not planned, expected a number from 1 to ${cells.planned}`;
  if (row.experiment !== experiment.name)
    return `is of experiment ${row.experiment}, expected ${experiment.name}`;
  const hash = hashIn(manifest, row);
  if (hash === undefined)
    return `is of trace ${row.identity.trace}, replicate ${row.identity.replicate}, expected one of those`;
  if (hash !== row.traceSha256)
    return `has a trace ${row.identity.trace} with SHA-256 ${row.traceSha256.slice(0, 12)}…, expected ${hash.slice(0, 12)}…`;
  if (Number(row.identity.replicate) > replicates)
    return `is of replicate ${row.identity.replicate}, expected at most ${replicates}`;
  if (row.outcome === 'ok' && row.values.draws !== draws)
    return `has ${row.values.draws} draws, expected ${draws}`;
  return undefined;
}

/** What is wrong with the counts of outcomes in a manifest; undefined if nothing is. */
function wrongCounts({ cells }: Runs, manifest: Manifest): string | undefined {
  for (const outcome of OUTCOMES) {
    const [said, found] = [manifest.cells[outcome], cells.filter((row) => row.outcome === outcome).length];
    if (said !== undefined && said !== found)
      return `${said} cells with outcome ${outcome}, and runs.csv has ${found}`;
  }
  for (const { cell, outcome } of manifest.not_ok) {
    const found = cells.find((row) => Number(row.cell) === cell)?.outcome;
    if (found !== outcome)
      return `cell ${cell} with outcome ${outcome}, and runs.csv has ${found ?? 'no such cell'}`;
  }
  return undefined;
}

/**
 * The rows of runs.csv must be those that manifest.json speaks of: cells that were planned, of its experiment, of its traces,
 * with the outcomes and draws that it says.
 *
 * @param file the path of runs.csv
 * @throws InputError when one is not
 */
export function checkManifest(runs: Runs, manifest: Manifest, file: string): void {
  const seen = new Set<string>();
  for (const row of runs.cells) {
    const wrong = seen.has(row.cell) ? 'is there twice, expected it once' : wrongWith(row, manifest);
    if (wrong !== undefined) throw new InputError(`cell ${row.cell} ${wrong} as in manifest.json`, { file });
    seen.add(row.cell);
  }
  const wrong = wrongCounts(runs, manifest);
  if (wrong !== undefined) throw new InputError(`manifest.json has ${wrong}`, { file });
}
