import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import { parseCsv, type Value } from '../../metrics/csv.js';
import { PERF_COLUMNS, type PerfRow } from '../../metrics/files.js';

/** A row of perf.csv, with its values as the other build wrote them. */
type WrittenRow = Readonly<Record<keyof PerfRow, Value>>;

import { lastLine, runProcess } from './process.js';

/** Rows of perf.csv of two builds of the program. */
export interface SideRows {
  readonly base: readonly WrittenRow[];
  readonly head: readonly WrittenRow[];
}

export interface RoundOptions {
  /** Built command lines. */
  readonly base: string;
  readonly head: string;
  /** Samples of each side: as many processes. */
  readonly rounds: number;
  /** Further flags of `reclaim bench`: what is timed. */
  readonly flags: readonly string[];
  readonly signal: AbortSignal;
  /** Told when a process has ended. */
  readonly step?: () => void;
}

/** One process of a build, which warms up and takes one sample of everything. Returns its rows. */
async function sampleOnce(cli: string, sample: number, options: RoundOptions): Promise<WrittenRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'reclaim-round-'));
  try {
    const args = [cli, 'bench', '--samples', '1', '--quiet', '--out', folder, ...options.flags];
    const { code, stderr } = await runProcess(process.execPath, args, folder, options.signal);
    if (code !== 0)
      throw new InputError(`reclaim bench of one side ended with code ${code}: ${lastLine(stderr)}`);
    const { rows } = parseCsv(await readFile(join(folder, 'perf.csv'), 'utf8'), 'perf.csv', PERF_COLUMNS);
    return rows.map((row) => ({ ...row, sample }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Times two builds in turn: base, head, base, head. Each sample is of a process of its own: samples of one process share
 * its layout of code and memory, and would pass that for a difference between the builds.
 *
 * @throws InputError when a side cannot run what the flags ask for
 */
export async function alternate(options: RoundOptions): Promise<SideRows> {
  const base: WrittenRow[] = [];
  const head: WrittenRow[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    base.push(...(await sampleOnce(options.base, round, options)));
    options.step?.();
    head.push(...(await sampleOnce(options.head, round, options)));
    options.step?.();
  }
  return { base, head };
}
