import type { RequestBatch } from '../requests/batch.js';
import { detectFaults, FaultScanner } from './faults/scanner.js';
import type { ReaderInput, RequestReader } from './reader.js';
import { readLines } from './scan/lines.js';

async function* read(input: ReaderInput): AsyncGenerator<RequestBatch> {
  const faults = new FaultScanner(input.account);
  const { line } = faults;
  yield* readLines(input, (cursor, batch) => {
    if (faults.next(cursor)) batch.add(line.low, line.high, 0, line.write ? 1 : 0, faults.timeUs);
    cursor.skipLine();
  });
  faults.finish('reads');
}

export const perf: RequestReader = {
  yields: 'requests',
  name: 'perf',
  summary:
    'page faults with their addresses: perf script -F +addr of perf record -c 1 -d -e page-faults; the tracepoint exceptions:page_fault_user (which alone says read or write) as perf script, perf trace, ftrace or trace-cmd print it; perf trace -F',
  extensions: ['.perf'],
  source: 'https://man7.org/linux/man-pages/man1/perf-script.1.html, field addr',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: true,
  touches: 'first-access',
  detect: detectFaults,
  read,
};
