import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Argv } from 'yargs';
import { zipf } from '../../workloads/zipf.js';
import { benchCases } from '../bench/cases.js';
import { loadForBench } from '../bench/memory-trace.js';
import { type BenchResult, perfRows, timeCase } from '../bench/run.js';
import { prepareFolder } from '../experiment/store.js';
import { InputError } from '../input/errors.js';
import { parseParameters } from '../input/parameters.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import { PERF_COLUMNS, thisHost } from '../metrics/host.js';
import { randomStream } from '../stats/random.js';
import { type Command, outFlag, quietFlag, wholeNumber } from './flags.js';
import { Progress, print } from './terminal.js';

/** Pages of the benchmark's mapping: 1 GiB. */
const PAGES = 262_144;

interface Args {
  filter?: string;
  samples: number;
  events: number;
  out?: string;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs.options({
    filter: { type: 'string', describe: 'only cases whose name contains this', requiresArg: true },
    samples: {
      type: 'number',
      default: 10,
      describe: 'timed runs a case, after one to warm up',
      requiresArg: true,
    },
    events: { type: 'number', default: 4_000_000, describe: 'events of the trace', requiresArg: true },
    ...outFlag,
    ...quietFlag,
  });
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

function resultTable(results: readonly BenchResult[]): string {
  const table = new Table({
    head: ['case', 'M events/s\nmedian', 'best', 'worst', 'ns an event\nmedian'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, events, wallNs } of results) {
    const sorted = [...wallNs].sort((a, b) => a - b);
    const rate = (ns: number) => ((events * 1e3) / ns).toFixed(2);
    const median = quantile(sorted, 0.5);
    table.push([
      name,
      rate(median),
      rate(sorted[0] as number),
      rate(sorted.at(-1) as number),
      (median / events).toFixed(0),
    ]);
  }
  return table.toString();
}

async function handler(args: Args): Promise<void> {
  const samples = wholeNumber('samples', args.samples, 1, 10_000);
  const events = wholeNumber('events', args.events, 1, 2 ** 31);
  if (args.out !== undefined) prepareFolder(args.out);
  const values = parseParameters('workload zipf', zipf.parameters, {
    pages: String(PAGES),
    events: String(events),
  });
  const trace = await loadForBench('zipf', () =>
    zipf.generate({ values, seed: 1, random: (purpose) => randomStream(1, `zipf/${purpose}`) }),
  );
  const all = benchCases(trace, PAGES);
  const cases = all.filter(({ name }) => args.filter === undefined || name.includes(args.filter));
  if (cases.length === 0)
    throw new InputError(
      `no case is named like "${args.filter}", expected part of one of ${all.map(({ name }) => name).join(', ')}`,
    );
  const progress = new Progress('bench', cases.length, args.quiet);
  const results: BenchResult[] = [];
  for (const benchCase of cases) {
    results.push(await timeCase(benchCase, samples));
    progress.step();
  }
  progress.stop();
  const { cpu, cores, os, node } = thisHost();
  const remarks = results
    .filter(({ remark }) => remark !== '')
    .map(({ name, remark }) => `${name}: ${remark}`);
  const head = `zipf 0.99 over ${PAGES} pages, 30 % writes, ${events} events; ${cpu}, ${cores} cores, ${os}, Node ${node}`;
  await print([head, resultTable(results), ...remarks].join('\n'));
  if (args.out !== undefined) {
    writeFileSync(
      join(args.out, 'perf.csv'),
      csvHeader(PERF_COLUMNS) + csvRows(PERF_COLUMNS, perfRows(results)),
    );
  }
}

export const bench: Command = { builder, handler };
