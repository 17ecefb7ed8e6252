import { statSync } from 'node:fs';
import Table from 'cli-table3';
import { packageFile } from '../base/package-root.js';
import { shippedTraces } from '../experiment/trace-names.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { compileTrace } from '../trace/compile.js';
import { openTrace } from '../trace/trace.js';
import type { SubCommand } from './flags.js';
import { print } from './terminal.js';

const COLUMNS = [
  'trace',
  'events',
  'bytes',
  'touches',
  'provenance',
  'evidence',
  'programs',
  'summary',
] as const;

/** The shipped traces: a row each. */
async function rows() {
  const listed = [];
  for (const [trace, { file, provenance: evidence, programs, summary }] of shippedTraces()) {
    const path = packageFile('traces', file);
    const { meta, totals } = await openTrace(await compileTrace(path, trace));
    const provenance = meta.get('provenance') ?? '';
    const bytes = statSync(path).size;
    const { events } = totals;
    listed.push({ trace, events, bytes, touches: meta.touches, provenance, evidence, programs, summary });
  }
  return listed;
}

/** `reclaim trace list`. */
export const listCommand: SubCommand = {
  command: 'list',
  describe: 'the traces that ship with the package: where they are from, and what was seen of their accesses',
  builder: (yargs) =>
    yargs.option('format', {
      choices: ['table', 'json', 'csv'] as const,
      default: 'table' as const,
      describe: 'how they are listed',
    }),
  handler: async ({ format }: { format: 'table' | 'json' | 'csv' }) => {
    const traces = await rows();
    if (format === 'json') await print(JSON.stringify(traces, null, 2));
    else if (format === 'csv') await print(csvHeader(COLUMNS) + csvRows(COLUMNS, traces));
    else {
      const table = new Table({
        head: ['trace', 'events', 'bytes', 'touches', 'provenance', 'what it is'],
        colAligns: ['left', 'right', 'right', 'left', 'left', 'left'],
        ...PLAIN_TABLE,
        wordWrap: true,
        colWidths: [26, 10, 10, 14, 12, 60],
      });
      for (const { trace, events, bytes, touches, provenance, summary } of traces)
        table.push([trace, events, bytes, touches, provenance, summary]);
      await print(table.toString());
    }
  },
};
