import { fieldText, formatNumber } from '../metrics/csv.js';
import { type Moment, TIMELINE_COLUMNS, type TimelineRow } from '../metrics/files.js';

type NumberColumn = Exclude<keyof Moment, 'label'>;

/** The columns of numbers, in their order. */
const NUMBERS = TIMELINE_COLUMNS.filter((name): name is NumberColumn => name !== 'cell' && name !== 'label');

/**
 * The rows of timeline.csv of a cell without its number: cells that do the same to memory have one between them. As objects they
 * were most of what workers send, and of what the thread that collects results looked through for garbage.
 */
export interface Moments {
  /** The rows that have a label, and which, in their order. */
  readonly labels: readonly (readonly [row: number, label: string])[];
  /** The columns of numbers, row by row; NaN: empty. */
  readonly numbers: Float64Array;
}

/** The timeline of a cell that did not run. */
export const NO_MOMENTS: Moments = { labels: [], numbers: new Float64Array(0) };

/** Packs rows; the values of `rows` are finite, NaN or null. */
export function packed(rows: readonly Moment[]): Moments {
  const labels: [number, string][] = [];
  const numbers = new Float64Array(rows.length * NUMBERS.length);
  let at = 0;
  for (const [i, row] of rows.entries()) {
    if (row.label) labels.push([i, row.label]);
    // JSON has no -0, and a result that was read is the one that was written.
    for (const name of NUMBERS) numbers[at++] = (row[name] ?? Number.NaN) + 0;
  }
  return { labels, numbers };
}

/** The rows of a cell. */
export function* timelineRows(cell: number, { labels, numbers }: Moments): Generator<TimelineRow> {
  let label = 0;
  for (let i = 0, at = 0; at < numbers.length; i++) {
    const row: Record<string, number | string | null> = { cell, time_us: null, label: '' };
    for (const name of NUMBERS) {
      const value = numbers[at++]!;
      row[name] = Number.isNaN(value) ? null : value;
    }
    if (labels[label]?.[0] === i) row.label = labels[label++]![1];
    yield row as unknown as TimelineRow;
  }
}

/** How many numbers stand before the label in a line of timeline.csv, without the cell. */
const BEFORE_LABEL = TIMELINE_COLUMNS.indexOf('label') - 1;

function linesOf({ labels, numbers }: Moments): string[] {
  const lines: string[] = [];
  let label = 0;
  for (let row = 0, at = 0; at < numbers.length; row++) {
    let line = '';
    for (let i = 0; i < NUMBERS.length; i++) {
      if (i === BEFORE_LABEL) line += `,${labels[label]?.[0] === row ? fieldText(labels[label++]![1]) : ''}`;
      const value = numbers[at++]!;
      if (i > 0) line += ',';
      if (!Number.isNaN(value)) line += formatNumber(value);
    }
    lines.push(line);
  }
  return lines;
}

/** The text of timeline.csv of cells, made of the numbers: as rows that takes three times as long. */
export class TimelineTexts {
  /** Without the cell: those that have one timeline between them have its lines. */
  private readonly lines = new WeakMap<Moments, readonly string[]>();

  /** The lines of a cell, each with its end. */
  of(cell: number, moments: Moments): string {
    const lines = this.lines.get(moments) ?? linesOf(moments);
    this.lines.set(moments, lines);
    return lines.length === 0 ? '' : `${cell},${lines.join(`\n${cell},`)}\n`;
  }
}

/** The texts of timelines that are kept: several cells may have the same one. */
const texts = new WeakMap<Moments, string>();

/** A timeline as JSON, which has null for NaN. */
export function momentsJson(moments: Moments): string {
  const known = texts.get(moments);
  if (known !== undefined) return known;
  const text = JSON.stringify({ ...moments, numbers: Array.from(moments.numbers) });
  texts.set(moments, text);
  return text;
}

function isLabel(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    Number.isSafeInteger(value[0]) &&
    typeof value[1] === 'string'
  );
}

/** A timeline of parsed JSON; undefined where it is not one. */
export function momentsOf(json: unknown): Moments | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { labels, numbers } = json as Record<keyof Moments, unknown>;
  if (!Array.isArray(labels) || !labels.every(isLabel) || !Array.isArray(numbers)) return undefined;
  if (numbers.length % NUMBERS.length !== 0) return undefined;
  if (!numbers.every((value) => value === null || typeof value === 'number')) return undefined;
  return { labels, numbers: Float64Array.from(numbers, (value) => value ?? Number.NaN) };
}
