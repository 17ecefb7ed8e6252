import { counted } from '../base/text.js';
import type { Touches } from '../base/touches.js';
import type { AxisColumn } from '../metrics/axes.js';
import type { RunRow } from '../metrics/files.js';
import { NOT_APPLICABLE } from '../metrics/schema.js';
import {
  type Axis,
  axisLabel,
  comparedAxis,
  groupBy,
  isRanked,
  isRefused,
  rowName,
  stallsAre,
  type TraceFacts,
  varyingColumns,
} from './comparison.js';
import { listed, mib, ms, numberIn, percent } from './format.js';
import { bestOf, costNs } from './pareto.js';

function names(rows: readonly RunRow[], axis: Axis = 'discard'): string[] {
  return [...new Set(rows.map((row) => rowName(row, axis)))];
}

/** The columns besides the limit that tell the sentences of a trace from each other. */
const SETUP: readonly AxisColumn[] = ['swap', 'memory'];

/** The limit of a row, with what differs besides it between the rows of its trace. */
function limitName(row: RunRow, facts: TraceFacts, varying: readonly AxisColumn[]): string {
  const others = varying.map((column) =>
    column === 'swap' && row.swap === 'none' ? 'no swap' : axisLabel(row, column, facts.pageBytes),
  );
  const besides = others.join(' and ');
  if (typeof row.limit_pages !== 'number') return `Without a limit${besides && `, with ${besides}`}`;
  return `With a limit of ${percent(row.limit_pages, facts.peakPages)} of the peak${besides && ` and ${besides}`}`;
}

/** Which policies are best under a limit, and what they save. */
function bestSentence(
  group: readonly RunRow[],
  facts: TraceFacts,
  axis: Axis,
  varying: readonly AxisColumn[],
): string[] {
  const best = bestOf(group);
  const first = best[0];
  const base = group.find((row) => row.discard === 'keep' && row.merge === 'none' && row.outcome === 'ok');
  if (!first || !base) return [];
  const saved = numberIn(first, 'saved_pages_mean');
  const share = percent(saved, numberIn(base, 'footprint_pages_mean'));
  const spared = numberIn(base, 'pswpout') - numberIn(first, 'pswpout');
  const writes = spared > 0 ? ` and ${mib(spared, facts.pageBytes)} MiB of writes to swap` : '';
  const equal = names(best, axis).length > 1 ? 'tie for best: each saves' : 'is best: it saves';
  const cost = costOf(first, facts, axis);
  return [
    `${limitName(first, facts, varying)}, ${listed(names(best, axis))} ${equal} ${mib(saved, facts.pageBytes)} MiB on average (${share} of what ${rowName(base, axis)} holds)${writes}, for ${cost}.`,
  ];
}

/** What the saving costs: stalls of programs, or CPU time of ksmd. */
function costOf(row: RunRow, facts: TraceFacts, axis: Axis): string {
  if (axis === 'merge') return `${ms(numberIn(row, 'ksmd_cpu_ns'))} ms of ksmd`;
  const cost = `${ms(costNs(row))} ms of`;
  const stalls = {
    known: `${cost} stalls`,
    inferred: `${cost} inferred stalls`,
    least: `at least ${cost} stalls`,
  };
  return stalls[stallsAre(row, facts)];
}

/** Policies that hold exactly the same memory under every limit, and differ in cost only. */
function equalSentence(rows: readonly RunRow[]): string[] {
  const memory = [
    'resident_pages_mean',
    'resident_pages_peak',
    'swap_pages_mean',
    'pgfault',
    'pgmajfault',
  ] as const;
  const byPolicy = groupBy(
    rows.filter(
      (row) => isRanked(row) && numberIn(row, 'discard_calls') > 0 && numberIn(row, 'saved_pages_mean') > 0,
    ),
    ['discard'],
  );
  const signature = (policy: readonly RunRow[]) =>
    JSON.stringify(policy.map((row) => memory.map((column) => row[column])));
  const equal = new Map<string, RunRow[][]>();
  for (const policy of byPolicy)
    equal.set(signature(policy), [...(equal.get(signature(policy)) ?? []), policy]);
  return [...equal.values()]
    .filter((group) => group.length > 1)
    .map((group) => {
      const rows = group.map((policy) => policy[0]!);
      const costs = rows.map((row) =>
        (numberIn(row, 'stall_discard_ns') / numberIn(row, 'discard_calls') / 1000).toFixed(1),
      );
      const faults = group.flat().every(({ pgfault }) => pgfault !== NOT_APPLICABLE);
      return `${listed(names(rows))} hold exactly the same memory ${faults ? 'and take the same faults ' : ''}under every limit; only the cost of a call differs: ${listed(costs)} \u00b5s on average.`;
    });
}

/** Whether calls of a cell left memory for reclaim to take. */
function isLazy(row: RunRow): boolean {
  return numberIn(row, 'pglazyfree') > 0 || numberIn(row, 'volatile_pages_mean') > 0;
}

/** Policies whose calls succeed and free nothing, and policies whose calls are refused. */
function uselessSentences(rows: readonly RunRow[]): string[] {
  const sentences: string[] = [];
  const idle = groupBy(
    rows.filter(
      (row) =>
        isRanked(row) && numberIn(row, 'discard_calls') > 0 && typeof row.saved_pages_mean === 'number',
    ),
    ['discard'],
  )
    .filter((policy) => policy.every((row) => row.saved_pages_mean === 0))
    .flat();
  const lazy = idle.filter(isLazy);
  if (lazy.length > 0) {
    sentences.push(
      `${listed(names(lazy))}: the calls succeed, but the pages go only when memory is short, and it never was.`,
    );
  }
  const useless = idle.filter((row) => !isLazy(row));
  if (useless.length > 0) {
    sentences.push(
      `${listed(names(useless))}: the calls succeed and free nothing. On shared memory they only clear page table entries; the object keeps its pages.`,
    );
  }
  const refused = rows.filter((row) => row.outcome === 'ok' && isRefused(row));
  const sparing = refused.filter((row) => numberIn(row, 'discard_refused') > 0);
  if (sparing.length > 0) {
    sentences.push(
      `${listed(names(sparing))}: the calls would destroy files that others use, so they were not made (destroy=1 makes them); these cells are not ranked.`,
    );
  }
  const byKernel = refused.filter((row) => !sparing.includes(row));
  if (byKernel.length > 0) {
    const calls = numberIn(byKernel[0]!, 'discard_calls');
    sentences.push(
      `${listed(names(byKernel))}: all ${calls} calls are refused on this kind of memory, as in the kernel; nothing is lost, and these cells are not ranked.`,
    );
  }
  return sentences;
}

/** What accesses that were not all recorded mean for results. */
const NOT_RECORDED: Readonly<Record<Exclude<Touches, 'recorded'>, string>> = {
  inferred:
    'The accesses of this trace are inferred, not recorded, and so are the faults among the stalls: rely first on its memory and on the cost of calls.',
  'first-access':
    'Only first accesses to pages are in this trace: what reclaim takes under a limit is not asked for again, so faults are not counted there, and stalls are the least that they can be.',
};

/** Sentences that say what the rows of one trace show. */
export function findings(runs: readonly RunRow[], facts: TraceFacts): string[] {
  const rows = runs.filter((row) => row.trace === facts.label);
  const reclaims = groupBy(rows, ['reclaim']);
  const first = reclaims[0] ?? [];
  const axis = comparedAxis(runs);
  const varying = varyingColumns(runs, SETUP);
  const sentences = [
    ...groupBy(first, [...SETUP, 'limit_pages']).flatMap((group) =>
      bestSentence(group, facts, axis, varying),
    ),
    ...equalSentence(first),
    ...uselessSentences(first),
  ];
  if (facts.touches !== 'recorded') sentences.push(NOT_RECORDED[facts.touches]);
  const oom = rows.filter((row) => row.outcome === 'oom');
  if (oom.length > 0)
    sentences.push(`${counted(oom.length, 'cell')} ran out of memory: ${listed(names(oom, axis))}.`);
  return sentences;
}
