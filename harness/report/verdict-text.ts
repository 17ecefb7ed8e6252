import { baseName } from './comparison.js';
import { costName } from './estimate.js';
import { durationRange, listed, type Range, rangeText, short } from './format.js';
import { policyNames } from './names.js';
import { notToUse, outOfMemoryText } from './not-to-use.js';
import { type Look, PLAIN, wrapped } from './terminal-text.js';
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
  if (!first) return [];
  return [`Per call, ${listed(first.shown)} differ by ${short(first.callsApartNs / 1000)} \u00b5s`];
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

/** What a verdict says besides what to use, as sentences without a full stop: what not to use, and on what it rests. */
export function verdictClauses(verdict: Verdict): string[] {
  const { parts, evidence } = verdict;
  const compared = parts.some((part) => part.compared);
  return [
    ...outOfMemoryText(parts).slice(0, MOST_CLAUSES),
    ...notToUse(parts),
    ...callsText(parts.flatMap(({ use }) => use)),
    [evidenceText(evidence), ...(compared ? [drawsText(verdict), pricesText(parts)] : [])].join('; '),
  ];
}

/** What the numbers of a verdict are. */
function verdictTitle({ axis }: Verdict): string {
  const saved = axis === 'reclaim' ? '' : 'memory saved and ';
  return `Use: ${saved}${costName(axis)} added, against ${baseName(axis)}`;
}

/** A verdict for a terminal: at most ten lines of 80 characters for the default comparison. */
export function verdictText(whole: Verdict, { columns }: Pick<Look, 'columns'> = PLAIN): string {
  const verdict = withShortNames(whole);
  const clauses = `${verdictClauses(verdict).join('. ')}.`;
  return [...verdictLines(verdict, verdictTitle(verdict), columns), wrapped(clauses, columns)].join('\n');
}
