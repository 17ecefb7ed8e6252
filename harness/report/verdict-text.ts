import { parameterless } from './choice.js';
import { baseName } from './comparison.js';
import { costName } from './estimate.js';
import type { GivenKind } from './facts.js';
import { listed, type Range, rangeText, short, shortDuration } from './format.js';
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
  const { low, high } = rangeOf(durations);
  const ends = [...new Set([shortDuration(low), shortDuration(high)])].join('\u2013');
  return [
    `traces: ${counts.join(', ')}`,
    ...(durations.length > 0 ? [ends] : []),
    `${rangeText(rangeOf(evidence.map(({ peakBytes }) => peakBytes)), MIB)} MiB`,
  ].join(', ');
}

/** The kind of memory that a call works on; calls that are not here work on both, or are of a policy from outside. */
const NEEDS: Readonly<Record<string, 'private' | 'shared'>> = {
  free: 'private',
  remove: 'shared',
  punch: 'shared',
  truncate: 'shared',
};

/** What policies need or do, with the verb that fits how many they are. */
function clause(names: readonly string[], one: string, several: string): string[] {
  return names.length === 0 ? [] : [`${listed(names)} ${names.length === 1 ? one : several}`];
}

/** What not to use on a kind of memory: what is refused or frees nothing in some family and saves in none. */
function notToUse(parts: readonly VerdictPart[], kind: GivenKind): string[] {
  const own = parts.filter((part) => part.kind === kind);
  const good = new Set(own.flatMap(({ use, lazy }) => [...use.flatMap(({ names }) => names), ...lazy]));
  const bad = (of: (part: VerdictPart) => readonly string[]) =>
    parameterless([...new Set(own.flatMap(of))].filter((name) => !good.has(name)));
  const refused = bad(({ refused }) => refused);
  const other = kind === 'shared' ? 'private' : 'shared';
  const misplaced = kind === 'shared' || kind === 'private' ? refused.filter((name) => NEEDS[name] === other) : [];
  const memory = kind === 'shared' || kind === 'private' ? `${kind} memory` : 'memory';
  return [
    ...clause(bad(({ useless }) => useless), `frees no ${memory}`, `free no ${memory}`),
    ...clause(misplaced, `needs ${other}`, `need ${other}`),
    ...clause(
      refused.filter((name) => !misplaced.includes(name)),
      `is refused on ${memory}`,
      `are refused on ${memory}`,
    ),
  ];
}

/** By how much the costs of a call differ of policies that are equally good. */
function callsText(uses: readonly Use[]): string[] {
  const [first] = uses.filter(({ callsApartNs, shown }) => shown.length > 1 && callsApartNs > 0);
  if (!first) return [];
  return [`${listed(first.shown)} differ by ${short(first.callsApartNs / 1000)} \u00b5s a call`];
}

/** On how many draws the verdict rests. */
function drawsText({ draws, replicates, evidence }: Verdict): string {
  const generated = evidence.some(({ origin }) => origin === 'synthetic');
  const devices = draws === 1 ? 'one draw of devices' : `${draws} draws of devices`;
  if (!generated) return devices;
  return `${replicates === 1 ? 'one draw' : `${replicates} draws`} of workloads, ${devices.replace(/ draws? /, ' ')}`;
}

function partName({ family, kind }: VerdictPart): string {
  const words = [...(family === undefined ? [] : [family]), ...(kind === 'shared' || kind === 'private' ? [kind] : [])];
  return words.join(' ') || 'it';
}

/** Whether halved or doubled prices change what to use. */
function pricesText(parts: readonly VerdictPart[]): string {
  const changed = parts.filter(({ priceFlips }) => priceFlips.length > 0);
  if (changed.length === 0) return 'prices \u00d7 0.5\u20132 change nothing';
  const flips = changed.map((part) => {
    const [{ part: price, factor }] = part.priceFlips as [VerdictPart['priceFlips'][number]];
    return `${partName(part)} (${price} \u00d7 ${factor})`;
  });
  return `prices change ${listed(flips)}`;
}

/** Where policies ran out of memory, and which did not: the settings in which the same did share a clause. */
function outOfMemoryText(parts: readonly VerdictPart[]): string[] {
  const settings = new Map<string, string[]>();
  for (const { outOfMemory } of parts)
    for (const { names, survivors, limit, labels } of outOfMemory) {
      const dead = `${listed(parameterless(names))} ${names.length === 1 ? 'runs' : 'run'} out of memory`;
      const alive = survivors.length === 0 ? 'nothing survives' : `${listed(parameterless(survivors))} ${survivors.length === 1 ? 'does' : 'do'} not`;
      const clause = `${dead}, ${alive}`;
      settings.set(clause, [...(settings.get(clause) ?? []), [limit, ...labels].join(', ')]);
    }
  return [...settings].map(([clause, where]) => {
    const places = [...new Set(where)];
    return `${places.length > 2 ? `in ${places.length} settings` : places.join(' and ')}: ${clause}`;
  });
}

/** More clauses than this on what ran out of memory are for the tables. */
const MOST_CLAUSES = 2;

/** A verdict for a terminal: at most ten lines of 80 characters for the default comparison. */
export function verdictText(verdict: Verdict, { columns }: Pick<Look, 'columns'> = PLAIN): string {
  const { parts, evidence, axis } = verdict;
  const kinds = [...new Set(parts.map(({ kind }) => kind))];
  const clauses = [
    ...outOfMemoryText(parts).slice(0, MOST_CLAUSES),
    ...kinds.flatMap((kind) => notToUse(parts, kind)),
    ...callsText(parts.flatMap(({ use }) => use)),
    evidenceText(evidence),
    drawsText(verdict),
    pricesText(parts),
  ];
  const title = `Use; saving and extra ${costName(axis)} against ${baseName(axis)}`;
  return [...verdictLines(verdict, title, columns), wrapped(`${clauses.join('; ')}.`, columns)].join('\n');
}
