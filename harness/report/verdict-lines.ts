/** The lines of a verdict that say what to use, as columns. */
import type { GivenKind } from './facts.js';
import { either, listed, type Range, rangeText, several, unionOf } from './format.js';
import { traceNames } from './names.js';
import { textWidth, wrapped } from './terminal-text.js';
import type { Numbers, Use, Verdict, VerdictPart } from './verdict.js';

const MIB = 1024 * 1024;

/** Families that share what is best on one kind of memory. */
export interface Line {
  readonly kind: GivenKind;
  readonly families: readonly string[];
  readonly use: string;
  readonly numbers: Numbers | undefined;
}

/** What a kind of memory is called in lines; nothing where it makes no difference. */
function kindWord(kind: GivenKind): string {
  return kind === 'shared' || kind === 'private' ? kind : '';
}

/** What is best for some traces, and where, if that is not everywhere. */
function useText({ shown, best, of, numbers }: Use, { lazy }: VerdictPart): string {
  const limits = numbers.limits.filter((limit) => limit !== 'no limit');
  const notes = [...(best < of ? [`${best} of ${of}`] : []), ...(limits.length > 0 ? [listed(limits)] : [])];
  const when = shown.every((name) => lazy.includes(name)) ? ' if short' : '';
  return `${either(several(shown))}${when}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

function nothingText(part: VerdictPart, { axis }: Verdict): string {
  const { kind, compared, survived, hypothetical } = part;
  if (!survived) return 'nothing: no policy has a result';
  if (!compared) return 'nothing to compare: there is one policy';
  if (kind === 'no' && axis.includes('discard')) return 'nothing: the traces drop nothing';
  if (hypothetical.length > 0)
    return `nothing that kernels have; ${listed(several(hypothetical))} would save`;
  return 'nothing: no policy clearly saves memory';
}

/** More traces than this are counted, and not named. */
const MOST_NAMED = 3;

/** Some traces of a family by name, or how many they are. */
function someTraces(
  labels: readonly string[],
  { family, traces }: VerdictPart,
  { evidence }: Verdict,
): string[] {
  if (labels.length <= MOST_NAMED) return labels.map(traceNames(evidence.map(({ trace }) => trace)));
  return [`${family === undefined ? '' : `${family}, `}${labels.length} of ${traces.length} traces`];
}

function linesOf(part: VerdictPart, verdict: Verdict): Line[] {
  const { family, kind, traces, use } = part;
  const all = traces.length === 1 ? [traceNames(traces)(traces[0]!)] : [`${traces.length} traces`];
  const families = family === undefined ? all : [family];
  if (use.length === 0) return [{ kind, families, use: nothingText(part, verdict), numbers: undefined }];
  return use.map((one) => ({
    kind,
    families: use.length === 1 ? families : someTraces(one.traces, part, verdict),
    use: useText(one, part),
    numbers: one.numbers,
  }));
}

/** Costs of which one is more than this many times the other do not share a line: it would say nothing. */
const ONE_ORDER = 20;

/**
 * Two lines as one, where the same is best and costs are of one order; undefined where they are not.
 *
 * @param any whether costs may be of any order
 */
function joined(a: Line, b: Line, any: boolean): Line | undefined {
  if (a.kind !== b.kind || a.use !== b.use || !a.numbers || !b.numbers) return undefined;
  const both = (of: (numbers: Numbers) => Range | undefined) => {
    const [one, other] = [of(a.numbers!), of(b.numbers!)];
    return one && other && unionOf(one, other);
  };
  const extraNsPerMib = both((numbers) => numbers.extraNsPerMib);
  const alike = extraNsPerMib && extraNsPerMib.low > 0 && extraNsPerMib.high <= ONE_ORDER * extraNsPerMib.low;
  if (!alike && !any) return undefined;
  const numbers = {
    limits: a.numbers.limits,
    savedBytes: both(({ savedBytes }) => savedBytes),
    extraNsPerMib,
    extraOfRun: both(({ extraOfRun }) => extraOfRun),
  };
  return { ...a, families: [...a.families, ...b.families], numbers };
}

function joinLines(lines: readonly Line[], any: boolean): Line[] {
  const result: Line[] = [];
  for (const line of lines) {
    const at = result.findIndex((other) => joined(other, line, any));
    if (at < 0) result.push(line);
    else result[at] = joined(result[at]!, line, any)!;
  }
  return result;
}

/** What a verdict says to use, a line for families that share it. @param any whether costs in a line may be of any order */
export function verdictRows(verdict: Verdict, any = false): Line[] {
  return joinLines(
    verdict.parts.flatMap((part) => linesOf(part, verdict)),
    any,
  );
}

/** A column of numbers: its head, and the text of a line. */
const COLUMNS: readonly { readonly head: string; text(numbers: Numbers): string }[] = [
  { head: 'MiB', text: ({ savedBytes }) => (savedBytes ? rangeText(savedBytes, MIB) : '') },
  { head: 'ms/MiB', text: ({ extraNsPerMib }) => (extraNsPerMib ? rangeText(extraNsPerMib, 1e6, true) : '') },
  { head: '% of run', text: ({ extraOfRun }) => (extraOfRun ? rangeText(extraOfRun, 0.01, true) : '') },
];

/** The numbers of lines, right-aligned below their heads; columns without any are left out. */
function numbersTexts(lines: readonly Line[]): { readonly head: string; readonly texts: readonly string[] } {
  const columns = COLUMNS.map(({ head, text }) => ({
    head,
    texts: lines.map(({ numbers }) => (numbers ? text(numbers) : '')),
  })).filter(({ texts }) => texts.some((text) => text !== ''));
  const row = (cell: (column: (typeof columns)[number]) => string) =>
    columns
      .map((column) => {
        const width = Math.max(column.head.length, ...column.texts.map((text) => text.length));
        return ` ${cell(column).padStart(width)}`;
      })
      .join('');
  return { head: row(({ head }) => head), texts: lines.map((_, i) => row(({ texts }) => texts[i]!)) };
}

const GAP = 2;

/** A text and spaces behind it, up to some columns. */
function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/**
 * The lines of a verdict under a title, as many as there is room for: if need be, families share lines whose costs are of
 * different orders, and what is left is counted.
 *
 * @param title above the heads of the numbers where it does not fit next to them
 * @param most the most lines
 */
export function verdictLines(verdict: Verdict, title: string, columns: number, most: number): string[] {
  const all = [verdictRows(verdict), verdictRows(verdict, true)] as const;
  for (const rows of all) {
    const lines = laidOut(rows, title, columns);
    if (lines.length <= most) return lines;
  }
  for (let count = all[1].length - 1; count > 0; count--) {
    const lines = laidOut(all[1].slice(0, count), title, columns);
    if (lines.length < most || count === 1)
      return [...lines, `and ${all[1].length - count} more: see the tables`];
  }
  return laidOut(all[1], title, columns);
}

/** Which memory and families a line is of: these are counted where they are too many for a line. */
function labelOf({ kind, families }: Line, kinds: number, columns: number): Label {
  const word = kinds > 0 ? kindWord(kind).padEnd(kinds + 1) : '';
  const names = families.join(', ');
  const fits = families.length === 1 || textWidth(word + names) <= columns;
  return { word, families: fits ? names : `${families.length} families` };
}

interface Label {
  /** The kind of memory, as wide as the longest of all lines. */
  readonly word: string;
  readonly families: string;
}

/** A line of the verdict as texts. */
interface Row extends Label {
  readonly use: string;
  readonly numbers: string;
}

function linesIn(text: string, columns: number): string[] {
  return wrapped(text, columns).split('\n');
}

/** A row in columns: its families and what to use are wrapped next to each other. */
function sideBySide({ word, families, use, numbers }: Row, width: number, left: number): string[] {
  const labels = linesIn(families, width);
  const uses = linesIn(use, left - word.length - width - GAP);
  return Array.from({ length: Math.max(labels.length, uses.length) }, (_, i) => {
    const label = `${i === 0 ? word : ' '.repeat(word.length)}${padded(labels[i] ?? '', width + GAP)}`;
    return `${padded(label + (uses[i] ?? ''), left)}${i === 0 ? numbers : ''}`;
  });
}

/** A row with what to use on lines of its own, below its families. */
function stacked({ word, families, use, numbers }: Row, left: number, columns: number): string[] {
  const label = word + families;
  const first =
    textWidth(label) <= left
      ? [`${padded(label, left)}${numbers}`]
      : [wrapped(label, columns, '  '), numbers.padStart(columns)];
  return [...first, `  ${wrapped(use, columns - 2, '  ')}`];
}

/** The columns that the longest word of some texts takes. */
function longestWord(texts: readonly string[]): number {
  return Math.max(...texts.flatMap((text) => text.split(' ').map(textWidth)));
}

/** Rows in columns that begin at one place: as wide as makes the fewest lines; undefined where words do not fit. */
function inColumns(rows: readonly Row[], left: number): string[] | undefined {
  const families = rows.map((row) => row.families);
  const widest = left - rows[0]!.word.length - GAP - longestWord(rows.map(({ use }) => use));
  let best: string[] | undefined;
  for (
    let width = Math.min(widest, Math.max(...families.map(textWidth)));
    width >= longestWord(families);
    width--
  ) {
    const lines = rows.flatMap((row) => sideBySide(row, width, left));
    if (!best || lines.length <= best.length) best = lines;
  }
  return best;
}

/** Lines under a title, in columns, or where these are narrow with what to use below its families. */
function laidOut(lines: readonly Line[], title: string, columns: number): string[] {
  const kinds = Math.max(...lines.map(({ kind }) => kindWord(kind).length));
  const { head, texts } = numbersTexts(lines);
  const left = columns - head.length;
  const rows = lines.map((line, i) => ({ ...labelOf(line, kinds, left), use: line.use, numbers: texts[i]! }));
  const below = rows.flatMap((row) => stacked(row, left, columns).flatMap((text) => text.split('\n')));
  const abreast = inColumns(rows, left);
  const titles =
    title.length <= left ? [title.padEnd(left) + head] : [wrapped(title, columns), head.padStart(columns)];
  const shown = abreast && abreast.length <= below.length ? abreast : below;
  return [...titles, ...shown].map((text) => text.trimEnd());
}
