import Table from 'cli-table3';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { bytesText } from '../report/figures/units.js';
import type { PlanCell } from '../sweep/plan-file.js';
import { runsOf, simulate, worthwhileShards } from '../sweep/shards.js';
import { durationText } from './progress.js';

/** Numbers of shards that are simulated. */
const SHARDS = [1, 2, 10, 100, 1000];
const NS_PER_MS = 1e6;

/** What a plan is expected to take with different numbers of shards, and what bounds it. */
export function planTable(lines: readonly PlanCell[]): string {
  const jobs = runsOf(lines);
  const longest = Math.max(...jobs.map(({ ns }) => ns));
  const largest = Math.max(...jobs.map(({ bytes }) => bytes));
  const table = new Table({
    head: ['shards', 'time', 'speed-up', 'busy'],
    colAligns: ['right', 'right', 'right', 'right'],
    ...PLAIN_TABLE,
  });
  for (const shards of SHARDS) {
    const { ns, speedup, busy } = simulate(jobs, shards);
    table.push([shards, durationText(ns / NS_PER_MS), speedup.toFixed(1), `${(100 * busy).toFixed(0)} %`]);
  }
  const worthwhile = worthwhileShards(jobs);
  return [
    `Estimated, with one worker each; a simulation of a scheduler that starts all shards at once:`,
    table.toString(),
    `The longest run takes ${durationText(longest / NS_PER_MS)}: no number of shards ends before that. Up to ${worthwhile} are busy for three quarters of their time.`,
    `The largest run needs ${bytesText(largest)} of memory.`,
  ].join('\n');
}
