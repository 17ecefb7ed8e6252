/** The lines of a verdict that say what to use, as columns. */
import type { GivenKind } from './facts.js';
import { either, listed, type Range, rangeText, unionOf } from './format.js';
import { traceNames } from './names.js';
import { wrapped } from './terminal-text.js';
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
  return `${either(shown)}${when}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

function nothingText({ kind, compared }: VerdictPart, { axis }: Verdict): string {
  if (!compared) return 'nothing to compare: there is one policy';
  if (kind === 'no' && axis.includes('discard')) return 'nothing: the traces drop nothing';
  return 'nothing: no policy saves any memory';
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

/** Two lines as one, where the same is best and costs are of one order; undefined where they are not. */
function joined(a: Line, b: Line): Line | undefined {
  if (a.kind !== b.kind || a.use !== b.use || !a.numbers || !b.numbers) return undefined;
  const both = (of: (numbers: Numbers) => Range | undefined) => {
    const [one, other] = [of(a.numbers!), of(b.numbers!)];
    return one && other && unionOf(one, other);
  };
  const extraNsPerMib = both((numbers) => numbers.extraNsPerMib);
  if (!extraNsPerMib || extraNsPerMib.low <= 0 || extraNsPerMib.high > ONE_ORDER * extraNsPerMib.low)
    return undefined;
  const numbers = {
    limits: a.numbers.limits,
    savedBytes: both(({ savedBytes }) => savedBytes),
    extraNsPerMib,
    extraOfRun: both(({ extraOfRun }) => extraOfRun),
  };
  return { ...a, families: [...a.families, ...b.families], numbers };
}

function joinLines(lines: readonly Line[]): Line[] {
  const result: Line[] = [];
  for (const line of lines) {
    const at = result.findIndex((other) => joined(other, line));
    if (at < 0) result.push(line);
    else result[at] = joined(result[at]!, line)!;
  }
  return result;
}

/** What a verdict says to use, a line for families that share it. */
export function verdictRows(verdict: Verdict): Line[] {
  return joinLines(verdict.parts.flatMap((part) => linesOf(part, verdict)));
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

/**
 * The lines of a verdict under a title. What to use follows its families on the same line, or where that does not fit, on a
 * line of its own.
 *
 * @param title above the heads of the numbers where it does not fit next to them
 */
export function verdictLines(verdict: Verdict, title: string, columns: number): string[] {
  const lines = verdictRows(verdict);
  const kinds = Math.max(...lines.map(({ kind }) => kindWord(kind).length));
  const labels = lines.map(
    ({ kind, families }) => `${kinds > 0 ? kindWord(kind).padEnd(kinds + 1) : ''}${families.join(', ')}`,
  );
  const { head, texts } = numbersTexts(lines);
  const left = columns - head.length;
  const width = Math.max(...labels.map(({ length }) => length)) + GAP;
  const fits = lines.every(({ use }) => width + use.length <= left);
  const rows = lines.flatMap(({ use }, i) => {
    const [label, numbers] = [labels[i]!, texts[i]!];
    if (fits) return [`${`${label.padEnd(width)}${use}`.padEnd(left)}${numbers}`.trimEnd()];
    const first =
      label.length <= left
        ? [`${label.padEnd(left)}${numbers}`]
        : [wrapped(label, columns, '  '), numbers.padStart(columns)];
    return [...first.map((text) => text.trimEnd()), `  ${wrapped(use, columns - 2, '  ')}`];
  });
  const titles =
    title.length <= left ? [title.padEnd(left) + head] : [wrapped(title, columns), head.padStart(columns)];
  return [...titles.map((text) => text.trimEnd()), ...rows];
}
