import { atOnceText } from './at-once.js';
import { baseName, traceName } from './comparison.js';
import { costName } from './estimate.js';
import { durationRange, listed, type Range, rangeText, several, short } from './format.js';
import { hugePagesTexts } from './huge-pages.js';
import { policyNames, traceNames } from './names.js';
import { notToUse, outOfMemoryText } from './not-to-use.js';
import { type Look, PLAIN, USUAL_COLUMNS, wrapped } from './terminal-text.js';
import type { Evidence, Use, Verdict, VerdictPart } from './verdict.js';
import { verdictLines } from './verdict-lines.js';

const MIB = 1024 * 1024;

/** The least and the most of some numbers. */
function rangeOf(values: readonly number[]): Range {
  return { low: Math.min(...values), high: Math.max(...values) };
}

/** What the traces are: how many of each origin, how long they are and how much memory they take. */
function evidenceText(evidence: readonly Evidence[]): string {
  const origins = new Map<string, number>();
  for (const { origin } of evidence) origins.set(origin, (origins.get(origin) ?? 0) + 1);
  const counts = [...origins].map(([origin, count]) => `${count} ${origin}`);
  const durations = evidence.flatMap(({ durationUs }) => (durationUs === undefined ? [] : [durationUs]));
  return [
    `Traces: ${counts.join(', ')}`,
    ...(durations.length > 0 ? [durationRange(rangeOf(durations))] : []),
    `${rangeText(rangeOf(evidence.map(({ peakBytes }) => peakBytes)), MIB)} MiB`,
  ].join(', ');
}

/** By how much the costs of a call differ of policies that are equally good. */
function callsText(uses: readonly Use[]): string[] {
  const [first] = uses.filter(({ callsApartNs, shown }) => shown.length > 1 && callsApartNs > 0);
  return first ? [`calls ${short(first.callsApartNs / 1000)} \u00b5s apart`] : [];
}

/** Where policies tie with the best, as marks in tables say, and how many of how many settings that are. */
function tiedText({ parts, evidence }: Verdict): string[] {
  const ties = parts.flatMap((part) => part.ties);
  const [first] = ties;
  if (!first) return [];
  if (ties.length > 1) {
    const settings = parts.reduce((sum, part) => sum + part.settings, 0);
    return [`= in ${ties.length} of ${settings} settings`];
  }
  const { best, tied, trace, backing, limit, labels } = first;
  const name = traceNames(evidence.map((one) => one.trace));
  const traces = evidence.length > 1 ? [traceName({ trace: name(trace), backing })] : [];
  const place = [...traces, limit, ...labels].join(', ');
  return [`(=) ${listed(several(tied))} with ${listed(several(best))} (${place})`];
}

/** What does not differ, or by a call's cost alone. */
function tiesText(verdict: Verdict): string[] {
  const texts = [...tiedText(verdict), ...callsText(verdict.parts.flatMap(({ use }) => use))];
  return texts.length > 0 ? [`Ties: ${texts.join(', ')}`] : [];
}

/** On how many draws the verdict rests. */
function drawsText({ draws, replicates, evidence }: Verdict): string {
  const generated = evidence.some(({ origin }) => origin === 'synthetic');
  const devices = draws === 1 ? 'one draw of devices' : `${draws} draws of devices`;
  if (!generated) return devices;
  return `${replicates === 1 ? 'one draw' : `${replicates} draws`} of workloads, ${devices.replace(/ draws? /, ' ')}`;
}

function partName({ family, kind }: VerdictPart): string {
  const words = [
    ...(family === undefined ? [] : [family]),
    ...(kind === 'shared' || kind === 'private' ? [kind] : []),
  ];
  return words.join(' ') || 'it';
}

/** Whether halved or doubled prices change what to use. */
function pricesText(parts: readonly VerdictPart[]): string {
  const changed = parts.filter(({ priceFlips }) => priceFlips.length > 0);
  if (changed.length === 0) return 'prices \u00d70.5\u20132 change nothing';
  const flips = changed.map((part) => {
    const [{ part: price, factor }] = part.priceFlips as [VerdictPart['priceFlips'][number]];
    return `${partName(part)} (${price} \u00d7 ${factor})`;
  });
  return `prices change ${listed(flips)}`;
}

/** A verdict with policies by names without the parameters that they share. */
function withShortNames(verdict: Verdict): Verdict {
  const short = policyNames(verdict.policies);
  const all = (names: readonly string[]) => names.map(short);
  const parts = verdict.parts.map((part) => ({
    ...part,
    use: part.use.map((use) => ({ ...use, names: all(use.names), shown: all(use.shown) })),
    useless: all(part.useless),
    lazy: all(part.lazy),
    refused: all(part.refused),
    sparing: all(part.sparing),
    atOnce: part.atOnce.map((one) => ({ ...one, atOnce: short(one.atOnce), later: short(one.later) })),
    hugePages: part.hugePages.map((one) => ({
      ...one,
      usualBest: all(one.usualBest),
      best: all(one.best),
      ...(one.policy === undefined ? {} : { policy: short(one.policy) }),
    })),
    ties: part.ties.map((tie) => ({ ...tie, best: all(tie.best), tied: all(tie.tied) })),
    outOfMemory: part.outOfMemory.map((one) => ({
      ...one,
      names: all(one.names),
      survivors: all(one.survivors),
    })),
  }));
  return { ...verdict, parts };
}

/** More clauses than this on what ran out of memory are for the tables. */
const MOST_CLAUSES = 2;

/** A sentence without a full stop. */
export interface Clause {
  readonly text: string;
  /** Where there is no room for all, those that weigh least are left out. */
  readonly weight: number;
}

function weighing(weight: number, texts: readonly string[]): Clause[] {
  return texts.map((text) => ({ text, weight }));
}

/** What a verdict says besides what to use: what not to use, ties, and at last on what it rests. */
export function verdictClauses(verdict: Verdict): Clause[] {
  const { parts, evidence } = verdict;
  const compared = parts.some((part) => part.compared && part.survived);
  const atOnce = parts.flatMap((part) => part.atOnce);
  return [
    ...weighing(4, outOfMemoryText(parts).slice(0, MOST_CLAUSES)),
    ...notToUse(parts).map((text, i) => ({ text, weight: 3.9 - i / 10 })),
    ...weighing(atOnce.some(({ loses }) => loses) ? 3 : 1, atOnceText(atOnce)),
    ...weighing(3.85, hugePagesTexts(parts.flatMap(({ hugePages }) => hugePages)).slice(0, 1)),
    ...weighing(2, tiesText(verdict)),
    ...weighing(5, [
      [evidenceText(evidence), ...(compared ? [drawsText(verdict), pricesText(parts)] : [])].join('; '),
    ]),
  ];
}

/** What the numbers of a verdict are. */
function verdictTitle({ axis, base }: Verdict): string {
  if (base === undefined) return `Use: what holds least memory (no ${baseName(axis)} to compare with)`;
  const saved = axis.includes('merge') ? 'memory saved, ' : axis === 'reclaim' ? '' : 'memory saved and ';
  return `Use: ${saved}${costName(axis)} added, against ${base}`;
}

/** The most lines of a verdict where these have 80 columns; narrower ones are more. */
const MOST_LINES = 10;
/** Lines of what to use, at least: clauses have the others. */
const FEWEST_ROWS = 4;

/** Clauses on some lines: those that say least are left out where there is no room, the evidence never. */
function clausesText(clauses: readonly Clause[], columns: number, most: number): string {
  const text = wrapped(`${clauses.map((clause) => clause.text).join('. ')}.`, columns);
  const least = clauses.reduce((one, other) => (other.weight < one.weight ? other : one));
  if (clauses.length === 1 || text.split('\n').length <= most) return text;
  return clausesText(
    clauses.filter((one) => one !== least),
    columns,
    most,
  );
}

/** A verdict for a terminal: at most ten lines where these have 80 columns or more. */
export function verdictText(whole: Verdict, { columns }: Pick<Look, 'columns'> = PLAIN): string {
  const verdict = withShortNames(whole);
  const title = verdictTitle(verdict);
  const clauses = verdictClauses(verdict);
  const most = Math.ceil(MOST_LINES * Math.max(1, USUAL_COLUMNS / columns));
  const evidence = wrapped(`${clauses.at(-1)!.text}.`, columns).split('\n').length;
  const rows = verdictLines(verdict, title, columns, Math.max(FEWEST_ROWS, most - evidence));
  return [...rows, clausesText(clauses, columns, most - rows.length)].join('\n');
}
