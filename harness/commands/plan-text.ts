import Table from 'cli-table3';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { bytesText, timeText } from '../report/figures/units.js';
import type { PlanCell } from '../sweep/plan-file.js';
import { runsOf, simulate, worthwhileShards } from '../sweep/shards.js';
import { durationText } from './progress.js';

/** Numbers of shards that are simulated. */
const SHARDS = [1, 2, 10, 100, 1000];
const NS_PER_MS = 1e6;
const MINUTE_NS = 60e9;

/** A time with three digits, in minutes and hours where it is longer. */
function timeOf(ns: number): string {
  return ns < MINUTE_NS ? timeText(ns) : durationText(ns / NS_PER_MS);
}

/** What a plan is expected to take with different numbers of shards, and what bounds it. */
export function planTable(lines: readonly PlanCell[]): string {
  const jobs = runsOf(lines);
  const longest = jobs.reduce((most, { ns }) => Math.max(most, ns), 0);
  const largest = jobs.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const table = new Table({
    head: ['shards', 'time', 'speed-up', 'busy'],
    colAligns: ['right', 'right', 'right', 'right'],
    ...PLAIN_TABLE,
  });
  for (const shards of SHARDS) {
    const { ns, speedup, busy } = simulate(jobs, shards);
    table.push([shards, timeOf(ns), speedup.toFixed(1), `${(100 * busy).toFixed(0)} %`]);
  }
  const worthwhile = worthwhileShards(jobs);
  return [
    `Estimated, with one worker each; a simulation of a scheduler that starts all shards at once:`,
    table.toString(),
    `The longest run takes ${timeOf(longest)}: no number of shards ends before that. Up to ${worthwhile} are busy for three quarters of their time.`,
    `The largest run needs ${bytesText(largest)} of memory.`,
  ].join('\n');
}
