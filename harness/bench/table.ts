import Table from 'cli-table3';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { median } from '../stats/median.js';
import type { BenchResult, Suite, Versus } from './case.js';

function millionsPerSecond(events: number, ns: number): string {
  return ((events * 1e3) / ns).toFixed(2);
}

/** Three digits are more than a host repeats. */
function nsEach(events: number, ns: number): string {
  const each = ns / events;
  return each.toFixed(each < 100 ? 1 : 0);
}

function rateTable({ remarks }: Suite, results: readonly BenchResult[]): string {
  const table = new Table({
    ...PLAIN_TABLE,
    head: ['case', 'ns each\nmedian', 'M/s\nmedian', 'best', 'worst', ...(remarks ? [remarks] : [])],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const { name, events, wallNs, undisturbedNs, remark } of results) {
    const middle = median(wallNs);
    table.push([
      name,
      nsEach(events, middle),
      millionsPerSecond(events, middle),
      millionsPerSecond(events, undisturbedNs),
      millionsPerSecond(events, Math.max(...wallNs)),
      ...(remarks ? [remark] : []),
    ]);
  }
  return table.toString();
}

/** The undisturbed time of what a case is compared with. */
function againstNs({ against }: BenchResult): number {
  return against?.undisturbedNs ?? Number.NaN;
}

/** How many times as long a case takes as what it is compared with. */
function ratio(result: BenchResult): number {
  return result.undisturbedNs / againstNs(result);
}

function versusTable({ remarks }: Suite, versus: Versus, results: readonly BenchResult[]): string {
  const { run, against } = versus;
  const table = new Table({
    ...PLAIN_TABLE,
    head: [
      'case',
      `${run}\nns each`,
      `${against}\nns each`,
      `${run} /\n${against}`,
      `${run}\nM/s`,
      ...(remarks ? [remarks] : []),
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const result of results) {
    const { name, events, undisturbedNs, remark } = result;
    table.push([
      name,
      nsEach(events, undisturbedNs),
      nsEach(events, againstNs(result)),
      ratio(result).toFixed(2),
      millionsPerSecond(events, undisturbedNs),
      ...(remarks ? [remark] : []),
    ]);
  }
  return table.toString();
}

/** How many cases keep within the target, and which is furthest from it. */
function verdict({ target }: Versus, results: readonly BenchResult[]): string {
  const sorted = [...results].sort((a, b) => ratio(b) - ratio(a));
  const worst = sorted[0]!;
  const within = results.filter((result) => ratio(result) <= target).length;
  return `${within} of ${results.length} take at most ${target.toFixed(2)} times as long; most: ${worst.name} with ${ratio(worst).toFixed(2)}`;
}

/** What a suite found, for people: its table, with what it is of above it and what else is to say below. */
export function suiteText(suite: Suite, results: readonly BenchResult[]): string {
  const { about, versus, remarks } = suite;
  if (suite.text) return `${about}\n${suite.text(suite, results)}`;
  const lines = [about, versus ? versusTable(suite, versus, results) : rateTable(suite, results)];
  if (versus) lines.push(verdict(versus, results));
  for (const { name, remark, problem } of results) {
    if (!remarks && remark !== '') lines.push(`${name}: ${remark}`);
    if (problem !== undefined) lines.push(`error: ${name}: ${problem}`);
  }
  return lines.join('\n');
}
