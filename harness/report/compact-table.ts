/** The tables of the short form of `reclaim compare`, fitted to the terminal. */
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { traceName } from './comparison.js';
import { originWord } from './facts.js';
import type { FamilyTable, TableBlock, TableCell, TableLine } from './family-table.js';
import { mib, shortDuration } from './format.js';
import { policyNames, traceNames, varyingParameters } from './names.js';
import { type Look, wrapped } from './terminal-text.js';

/** Nothing but spaces between columns. */
const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((part) =>
    ['', '-mid', '-left', '-right'].map((end) => [`${part}${end}`, '']),
  ),
);

type Align = 'left' | 'right';

/** A column of a table: how it is aligned, and how wide it is. */
export interface Column {
  readonly align: Align;
  readonly width: number;
}

/** Rows of texts below each other; texts are wrapped at spaces, and lines have no spaces at their ends. */
export function columnsText(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: { ...NO_LINES, middle: '' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colWidths: columns.map(({ width }) => width),
    colAligns: columns.map(({ align }) => align),
    wordWrap: true,
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

const MARKS = { best: '*', tie: '=', '': ' ' } as const;

function marked({ text, rank }: TableCell, { colour }: Look): string {
  if (rank === undefined) return text;
  const whole = `${text}${MARKS[rank]}`;
  return rank === 'best' && colour ? styleText('green', whole) : whole;
}

const INDENT = '  ';

/** What a trace is, for the line above its policies. */
function traceLine(
  { trace, first }: TableBlock,
  name: (label: string) => string,
  { colour, columns }: Look,
): string {
  const facts = [
    ...(trace.origin ? [originWord(trace)] : []),
    ...(trace.durationUs === undefined ? [] : [shortDuration(trace.durationUs)]),
    `${mib(trace.peakPages, trace.pageBytes)} MiB`,
  ];
  const text = wrapped(
    `${traceName({ ...first, trace: name(trace.label) })} (${facts.join(', ')})`,
    columns - INDENT.length,
  );
  return colour ? styleText('bold', text) : text;
}

/** Whether the policies of a line were refused, or were not possible, wherever they were tried. */
function isOut({ cells }: TableLine, figures: number): boolean {
  return cells.every(
    ({ text }, i) => i % figures !== 0 || text === 'refused' || text === 'n/a' || text === '',
  );
}

/** Characters of the column of policies, at least and at most. */
const NAMES = { least: 16, most: 44 };

/** Some limits of a table. */
interface Slice {
  readonly from: number;
  readonly to: number;
}

/** The limits in slices that fit next to a column of names. */
function slices({ limits }: FamilyTable, widths: readonly number[], columns: number): Slice[] {
  const result: Slice[] = [];
  let room = 0;
  limits.forEach((_, i) => {
    const width = widths[i]!;
    const last = result.at(-1);
    if (last && width <= room) result[result.length - 1] = { from: last.from, to: i + 1 };
    else {
      result.push({ from: i, to: i + 1 });
      room = columns - NAMES.least;
    }
    room -= width;
  });
  return result;
}

/** The widths of all columns of numbers, with the space before each. */
function numberWidths(table: FamilyTable): number[] {
  const { heads, limits, traces } = table;
  return limits.flatMap((limit, at) =>
    heads.map((head, i) => {
      const cells = traces.flatMap(({ lines }) => lines.map(({ cells }) => cells[at * heads.length + i]!));
      const texts = cells.map(({ text, rank }) => text.length + (rank === undefined ? 0 : 1));
      const words = head.split('\n').map(({ length }) => length + (i === 0 ? 1 : 0));
      const title = i === 0 ? Math.ceil(limit.length / heads.length) : 0;
      return 1 + Math.max(title, ...words, ...texts);
    }),
  );
}

function head(table: FamilyTable, slice: Slice, columns: readonly Column[]): string {
  const { heads, limits, axis } = table;
  const shown = limits.slice(slice.from, slice.to);
  const lines = heads[0]!
    .split('\n')
    .map((_, line) => [
      line === 0 ? '' : axis,
      ...shown.flatMap(() => heads.map((text, i) => `${text.split('\n')[line]}${i === 0 ? ' ' : ''}`)),
    ]);
  const widths = shown.map((_, i) =>
    columns
      .slice(1 + i * heads.length, 1 + (i + 1) * heads.length)
      .reduce((sum, { width }) => sum + width, 0),
  );
  const titles = shown.map((limit, i) => limit.padStart(widths[i]!)).join('');
  return `${' '.repeat(columns[0]!.width)}${titles}\n${columnsText(columns, lines)}`;
}

/** What policies and traces are called in a table. */
interface ShortNames {
  policy(name: string): string;
  trace(label: string): string;
}

function blockText(
  block: TableBlock,
  slice: Slice,
  columns: readonly Column[],
  names: ShortNames,
  look: Look,
): string {
  const figures = (columns.length - 1) / (slice.to - slice.from);
  const cellsOf = ({ cells }: TableLine) => cells.slice(slice.from * figures, slice.to * figures);
  const lines = block.lines.filter((line) => !isOut(line, figures));
  const rows = lines.map((line) => [
    line.names.map(names.policy).join(', '),
    ...cellsOf(line).map((cell) => marked(cell, look)),
  ]);
  const out = block.lines.filter((line) => isOut(line, figures));
  const refused = out.flatMap((line) => line.names.map(names.policy));
  return [
    traceLine(block, names.trace, look),
    ...(rows.length > 0 ? [columnsText(columns, rows)] : []),
    ...(refused.length > 0
      ? [
          columnsText(
            [{ align: 'left', width: look.columns }],
            [[`not possible, or refused: ${refused.join(', ')}`]],
          ),
        ]
      : []),
  ]
    .join('\n')
    .replace(/\n/g, `\n${INDENT}`);
}

/** A table with the policies of each trace below each other. */
function blocksText(table: FamilyTable, look: Look): string {
  const { heads, limits, traces } = table;
  const names = traces.flatMap(({ lines }) => lines.flatMap((line) => line.names));
  const short = policyNames([...new Set(names)]);
  const trace = traceNames(traces.map((block) => block.trace.label));
  const widths = numberWidths(table);
  const perLimit = limits.map((_, i) =>
    widths.slice(i * heads.length, (i + 1) * heads.length).reduce((sum, width) => sum + width, 0),
  );
  const inner = look.columns - INDENT.length;
  return slices(table, perLimit, inner)
    .map((slice) => {
      const numbers = widths.slice(slice.from * heads.length, slice.to * heads.length);
      const left = inner - numbers.reduce((sum, width) => sum + width, 0);
      const longest = Math.max(
        ...traces.flatMap(({ lines }) => lines.map((line) => line.names.map(short).join(', ').length)),
      );
      const columns: Column[] = [
        { align: 'left', width: Math.max(NAMES.least, Math.min(left, NAMES.most, longest + 1)) },
        ...numbers.map((width) => ({ align: 'right' as const, width })),
      ];
      const blocks = traces.map((block) => blockText(block, slice, columns, { policy: short, trace }, look));
      return [head(table, slice, columns).replace(/^/gm, INDENT), ...blocks].join('\n');
    })
    .join('\n\n');
}

/** From this number of traces of one generator, traces are rows: what varies among them is the question. */
const MANY_TRACES = 4;

/** A table with a row a trace and a column a policy, of what is saved; undefined where that does not fit. */
function pivotText(table: FamilyTable, look: Look): string | undefined {
  const { traces, limits, heads } = table;
  const parameters = varyingParameters(traces.map(({ trace }) => trace.label));
  if (!parameters || traces.length < MANY_TRACES || limits.length > 1) return undefined;
  const names = [...new Set(traces.flatMap(({ lines }) => lines.flatMap((line) => line.names)))];
  const short = policyNames(names);
  const cellOf = ({ lines }: TableBlock, name: string) =>
    lines.find((line) => line.names.includes(name))?.cells;
  const figures = names.length === 1 ? heads.map((_, i) => i) : [0];
  const columnsOf = names.flatMap((name) =>
    figures.map((figure) => ({
      head:
        names.length === 1
          ? heads[figure]!.replace('saved', 'held').replace('extra', 'stall').split('\n')
          : [...short(name).split(':')],
      texts: traces.map((block) => {
        const cell = cellOf(block, name)?.[figure];
        return cell
          ? marked(names.length === 1 ? { text: cell.text.replace(/[()]/g, '') } : cell, {
              ...look,
              colour: false,
            })
          : '';
      }),
    })),
  );
  const left = parameters.names.map((name, i) => ({
    head: [name],
    texts: traces.map(({ trace }) => parameters.values.get(trace.label)![i]!),
  }));
  const all = [...left, ...columnsOf];
  const tall = Math.max(...all.map(({ head }) => head.length));
  const padded = all.map(({ head, texts }) => [
    ...Array.from({ length: tall - head.length }, () => ''),
    ...head,
    ...texts,
  ]);
  const widths = padded.map((texts) => 2 + Math.max(...texts.map(({ length }) => length)));
  if (widths.reduce((sum, width) => sum + width, 0) > look.columns) return undefined;
  const columns = widths.map((width) => ({ align: 'right' as const, width }));
  const rows = padded[0]!.map((_, row) => padded.map((texts) => texts[row]!));
  return columnsText(columns, rows);
}

/** What a table is of: traces of many are named in it. */
export function compactTable(table: FamilyTable, look: Look): string {
  const pivot = pivotText(table, look);
  const policies = new Set(table.traces.flatMap(({ lines }) => lines.flatMap(({ names }) => names))).size;
  const what = pivot === undefined || policies === 1 ? '' : `, ${table.heads[0]!.replace('\n', ' ')}`;
  const title = wrapped(`${table.title}${what}`, look.columns);
  return `${look.colour ? styleText('bold', title) : title}\n${pivot ?? blocksText(table, look)}`;
}
