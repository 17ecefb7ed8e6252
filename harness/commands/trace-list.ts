import { statSync } from 'node:fs';
import Table from 'cli-table3';
import { packageFile } from '../base/package-root.js';
import { shippedTraces } from '../experiment/trace-names.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
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

/** The shipped traces: a row each, from their manifest, so that none has to be read. */
function rows() {
  return [...shippedTraces()].map(([trace, shipped]) => {
    const { file, events, touches, origin, provenance: evidence, programs, summary } = shipped;
    const { size: bytes } = statSync(packageFile('traces', file));
    return { trace, events, bytes, touches, provenance: origin, evidence, programs, summary };
  });
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
    const traces = rows();
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
