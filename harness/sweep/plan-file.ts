import { createHash } from 'node:crypto';
import { InputError } from '../base/errors.js';
import { readText } from '../base/text.js';
import type { LoadedCosts } from '../cost/table.js';
import { codeHash } from '../experiment/code.js';
import type { Experiment } from '../experiment/file.js';
import type { Cell } from '../experiment/plan.js';
import type { PreparedTrace } from '../experiment/prepare.js';
import { VERSION } from '../metrics/host.js';
import { DISK } from '../output/disk.js';
import { writeWhole } from '../output/whole.js';
import type { Estimate } from './estimate.js';
import type { StoredTrace } from './trace-store.js';

/** Version of the form of plans. */
const FORM = 1;

/** A trace of a plan: what its first replay found, and its compiled form, which shards open by its hash. */
export type PlanTrace = Omit<PreparedTrace, 'handle'> & StoredTrace;

/** A module of policies from outside, and the hash of it with all that it imports. */
export interface PlanModule {
  /** As it was given, for the manifest. */
  readonly given: string;
  readonly file: string;
  readonly sha256: string;
}

/** What a plan says once, on its first line. */
export interface PlanHeader {
  /** The program, and a hash of its code: another version may compute something else. */
  readonly program: { readonly version: string; readonly code: string };
  readonly experiment: Omit<Experiment, 'placeOf'>;
  readonly costs: LoadedCosts;
  readonly policyModules: readonly PlanModule[];
  readonly policyTimeoutS: number;
  readonly traces: readonly PlanTrace[];
  /** How many cells there are. */
  readonly cells: number;
}

/** A cell of a plan, on a line of its own. */
export interface PlanCell {
  /** Hash of all that its result depends on: the content of its trace, policies, sizes, seed, costs and code. */
  readonly id: string;
  /** The number of the first of the cells that are run together, in one shard; its own where it is that. */
  readonly run: number;
  /** Of this cell besides the others that it is run with; nothing where it has the results of another. */
  readonly estimate: Estimate;
  readonly cell: Cell;
}

/** A plan, as its file has it. */
export interface Plan extends PlanHeader {
  readonly file: string;
  /** In the order of their numbers, which begin at 1. */
  readonly lines: readonly PlanCell[];
}

/** What is on the line of a cell. */
type Line = Omit<PlanCell, 'cell' | 'estimate'> & Estimate & Cell;

function lineText({ id, run, estimate, cell }: PlanCell): string {
  return `${JSON.stringify({ id, run, ...estimate, ...cell })}\n`;
}

function sumOf(headerText: string, lines: Iterable<string>): string {
  const hash = createHash('sha256').update(headerText);
  for (const line of lines) hash.update(line);
  return hash.digest('hex');
}

/** Writes a plan: a line on all of it, then one a cell. @throws InputError or HostError that names the file */
export function writePlan(file: string, header: PlanHeader, cells: readonly PlanCell[]): void {
  const lines = cells.map(lineText);
  const sha256 = sumOf(JSON.stringify(header), lines);
  const first = `${JSON.stringify({ reclaim_plan: FORM, sha256, ...header })}\n`;
  writeWhole(DISK, file, first + lines.join(''));
}

function parsed(text: string, file: string, line: number): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw new InputError('this is not a line of a plan: it was changed, or the file was cut short', {
    file,
    line,
  });
}

/** A line as a cell: what is on it is checked by the sum of the file. */
function cellOf(line: Record<string, unknown>): PlanCell {
  const { id, run, ns, bytes, ...cell } = line as unknown as Line;
  return { id, run, estimate: { ns, bytes }, cell };
}

/** @throws InputError for a cell that is there twice, and one that is not there */
function checkNumbers(lines: readonly PlanCell[], wanted: number, file: string): void {
  const seen = new Set<number>();
  for (const [i, { cell }] of lines.entries()) {
    if (seen.has(cell.cell))
      throw new InputError(`cell ${cell.cell} is there twice, expected it once`, { file, line: i + 2 });
    seen.add(cell.cell);
  }
  for (let number = 1; number <= wanted; number++)
    if (!seen.has(number))
      throw new InputError(
        `cell ${number} of ${wanted} is not there, expected each of them: the file was changed or cut short`,
        { file },
      );
}

/**
 * Reads a plan.
 *
 * @throws InputError where it is not one, was changed since it was written, lacks a cell or has it twice, or was made by
 *   another version of this program
 */
export function readPlan(file: string): Plan {
  const [first = '', ...texts] = readText(file).split('\n');
  const { reclaim_plan: form, sha256, ...header } = parsed(first, file, 1);
  if (form !== FORM)
    throw new InputError(`this is no plan of form ${FORM}, expected a file that reclaim plan has written`, {
      file,
    });
  if (texts.at(-1) === '') texts.pop();
  const lines = texts.map((text, i) => cellOf(parsed(text, file, i + 2)));
  const plan = header as unknown as PlanHeader;
  checkNumbers(lines, plan.cells, file);
  const sum = sumOf(
    JSON.stringify(header),
    texts.map((text) => `${text}\n`),
  );
  if (sum !== sha256)
    throw new InputError('it was changed since reclaim plan wrote it, expected it as it was: plan again', {
      file,
    });
  const code = codeHash('harness');
  if (plan.program.code !== code)
    throw new InputError(
      `it was planned with other code (version ${plan.program.version}, ${plan.program.code.slice(0, 12)}) than this (version ${VERSION}, ${code.slice(0, 12)}), whose results may differ: use the same build everywhere, or plan again`,
      { file },
    );
  return { ...plan, file, lines };
}

/** Where a plan's files are by default: next to it, named after it. */
export function besidePlan(file: string, what: 'traces' | 'results' | 'jobs' | 'merged'): string {
  return `${file.replace(/\.jsonl$/, '')}.${what}`;
}
