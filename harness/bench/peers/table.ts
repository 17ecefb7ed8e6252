import Table from 'cli-table3';
import { PLAIN_TABLE } from '../../metrics/table-style.js';
import { median } from '../../stats/median.js';
import type { BenchResult, Suite } from '../case.js';

/** The ratios of one quantity, pair by pair. */
function ratios(ours: readonly number[] | undefined, peer: readonly number[] | undefined): number[] {
  return (ours ?? []).map((own, pair) => own / peer![pair]!);
}

/** CPU times below a clock tick are 0, and have no ratio. */
function digits(ratio: number): string {
  return Number.isFinite(ratio) ? ratio.toFixed(2) : 'n/a';
}

function spreadText(values: readonly number[]): string {
  return `${digits(Math.min(...values))}–${digits(Math.max(...values))}`;
}

function seconds(ns: readonly number[] | undefined): string {
  return (median(ns ?? []) / 1e9).toFixed(2);
}

/** The ratios that a case is judged by. */
function judgedRatios(suite: Suite, { name, cpuNs, wallNs, against }: BenchResult): number[] {
  const judged = suite.cases.find((benchCase) => benchCase.name === name)?.judged;
  return judged === 'wall' ? ratios(wallNs, against?.wallNs) : ratios(cpuNs, against?.cpuNs);
}

/** The most that is wanted of a case, and of which of its ratios. */
function wantedText(suite: Suite, name: string): string {
  const { target, judged } = suite.cases.find((benchCase) => benchCase.name === name)!;
  return target === undefined ? '' : `${judged === 'wall' ? 'wall' : 'CPU'} ${target}`;
}

/** How many cases keep to what is wanted of them, by the medians of their pairs; then those that do not. */
function verdict(suite: Suite, results: readonly BenchResult[]): string {
  const judged = results.flatMap((result) => {
    const { target, judged } = suite.cases.find(({ name }) => name === result.name)!;
    const by = judged === 'wall' ? 'wall' : 'CPU';
    return target === undefined
      ? []
      : [{ name: result.name, ratio: median(judgedRatios(suite, result)), target, by }];
  });
  if (judged.length === 0) return 'what is wanted holds for 1000000 and 20000000 requests';
  const beyond = judged.filter(({ ratio, target }) => ratio > target);
  return [
    `${judged.length - beyond.length} of ${judged.length} take no more than is wanted, by the medians of their pairs`,
    ...beyond.map(
      ({ name, ratio, target, by }) => `${name}: ${ratio.toFixed(2)} of its ${by} time, wanted ${target}`,
    ),
  ].join('\n');
}

/** The table of the peers: times and ratios are medians, ratios with their least and largest. */
export function peersText(suite: Suite, results: readonly BenchResult[]): string {
  const table = new Table({
    ...PLAIN_TABLE,
    head: [
      'case',
      'pairs',
      'ours\nCPU s',
      'peer\nCPU s',
      'CPU\nratio',
      'spread',
      'wall\nratio',
      'spread',
      'wanted',
      'misses',
    ],
    colAligns: ['left', ...Array.from({ length: 9 }, () => 'right' as const)],
  });
  for (const { name, cpuNs, wallNs, against, remark } of results) {
    const cpu = ratios(cpuNs, against?.cpuNs);
    const wall = ratios(wallNs, against?.wallNs);
    table.push([
      name,
      wall.length,
      seconds(cpuNs),
      seconds(against?.cpuNs),
      digits(median(cpu)),
      spreadText(cpu),
      digits(median(wall)),
      spreadText(wall),
      wantedText(suite, name),
      remark,
    ]);
  }
  return `${table.toString()}\n${verdict(suite, results)}`;
}
