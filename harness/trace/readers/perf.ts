import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

/** The time of an event, where there is one, and the address: of a software event or of a tracepoint. */
const FAULT =
  /^(?:.*?\s)??(?:(\d+)\.(\d{1,9}): .*?)?(?:\b(?:page-|minor-|major-)?faults(?::[a-zA-Z]*)?:\s+([0-9a-f]{1,16})\b|\bpage_fault_(?:user|kernel): .*?\baddress=(?:0x)?([0-9a-f]{1,16})\b(?:.*\berror_code=(?:0x)?([0-9a-f]+))?)/;
/** The bit of the error code that a write sets. Source: arch/x86/include/asm/trap_pf.h */
const WRITE_FAULT = 2;

/** Lines are long and few, next to those of access traces: a pattern reads them. */
const scan: LineScanner = (cursor, batch) => {
  if (cursor.blank) {
    cursor.skipLine();
    return;
  }
  const fault = FAULT.exec(cursor.text());
  if (!fault)
    return cursor.wrong('a page fault of perf script with its address (perf record -d -e page-faults)');
  const [, seconds, fraction, software, tracepoint, code] = fault;
  const digits = (software ?? tracepoint ?? '').padStart(16, '0');
  const time =
    seconds === undefined ? 0 : Number(seconds) * 1e6 + Number((fraction ?? '').padEnd(6, '0').slice(0, 6));
  const write = (Number.parseInt(code ?? '0', 16) & WRITE_FAULT) !== 0 ? 1 : 0;
  batch.add(Number.parseInt(digits.slice(8), 16), Number.parseInt(digits.slice(0, 8), 16), 0, write, time);
  cursor.skipLine();
};

export const perf: RequestReader = {
  yields: 'requests',
  name: 'perf',
  summary:
    'perf script of perf record -d -e page-faults, or the tracepoint exceptions:page_fault_user as perf or ftrace print it (only that one says read or write)',
  extensions: ['.perf'],
  source: 'https://man7.org/linux/man-pages/man1/perf-script.1.html, field addr',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: true,
  detect: (head) => detectLines(head, FAULT, FIT.certain, scan),
  read: (input) => readLines(input, scan),
};
