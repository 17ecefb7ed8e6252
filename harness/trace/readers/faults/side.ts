import type { InputFile, SideInput } from '../reader.js';
import { Cursor } from '../scan/cursor.js';
import { wholeLines } from '../scan/lines.js';
import { FaultScanner } from './scanner.js';

const PAGE_SHIFT = 12;
const TWO_32 = 2 ** 32;

/** The side input of readers of calls: which pages were used, as far as faults show it. */
export const FAULTS: SideInput = {
  meaning:
    'the page faults of the program, recorded with the log, as the reader perf takes them, with times and threads: they become the accesses (touches: first-access)',
  required: false,
};

/** A page fault with an address, by the clock of its recording. */
export interface RecordedFault {
  readonly timeUs: number;
  readonly page: number;
  /** Undefined where the event does not say. */
  readonly write: boolean | undefined;
  /** Undefined where the line does not say. */
  readonly thread: number | undefined;
  /** The process, where the line has it besides the thread. */
  readonly process: number | undefined;
}

/** Who faulted, by what stands before the event: of ftrace and trace-cmd, of perf trace, of perf script, of ftrace's verbose form. */
const TASKS: readonly RegExp[] = [
  /-(?<thread>\d+)\s+(?:\(\s*(?:(?<process>\d+)|-+)\)\s+)?(?:\[\d+\]|\d+\S{4,6}\s)/,
  /\/(?<thread>\d+) (?:exceptions:$|(?:min|maj)fault \[)/,
  /(?:^|\s)(?:(?<process>\d+)\/\s*)?(?<thread>\d+)\s+(?:\[\d+\]\s+)?(?:[A-Z]\s+)?\d+\.\d{6,9}:/,
  /^\s*\S+\s+(?<thread>\d+)\s+\d+ \d+ [0-9a-f]{8} /,
];

function taskOf(prefix: string): Pick<RecordedFault, 'thread' | 'process'> {
  for (const form of TASKS) {
    const groups = form.exec(prefix)?.groups;
    if (groups)
      return {
        thread: Number(groups.thread),
        process: groups.process === undefined ? undefined : Number(groups.process),
      };
  }
  return { thread: undefined, process: undefined };
}

/**
 * Reads page faults that come with a log of calls, by time. Counts the lines that are no faults, and those of faults that
 * cannot be joined with calls; who joins them counts the rest.
 *
 * @param taken what faults are taken for that do not say whether they read or wrote; undefined where that is decided later
 * @throws InputError with the line that is no such recording, or has a fault without its address
 */
export async function readFaults(input: InputFile, taken: string | undefined): Promise<RecordedFault[]> {
  const scanner = new FaultScanner(input.account);
  const cursor = new Cursor(input.file);
  const faults: RecordedFault[] = [];
  for await (const lines of wholeLines(input)) {
    cursor.load(lines);
    while (cursor.more) {
      const { total } = input.account;
      if (scanner.next(cursor)) {
        const fault = faultOf(scanner, cursor.text());
        if (typeof fault === 'string') input.account.leave(fault);
        else faults.push(fault);
      } else if (input.account.total === total) input.account.leave('empty lines and comments');
      cursor.skipLine();
    }
  }
  scanner.finish(taken);
  return faults.sort((a, b) => a.timeUs - b.timeUs);
}

/** A fault, or why it cannot be joined with calls. */
function faultOf({ line }: FaultScanner, text: string): RecordedFault | string {
  if (line.file !== undefined) return 'faults on files, of which perf trace prints no address';
  if (line.timeUs === undefined) return 'faults without a time';
  const page = Math.floor((line.high * TWO_32 + line.low) / 2 ** PAGE_SHIFT);
  return { timeUs: line.timeUs, page, write: line.write, ...taskOf(text.slice(0, line.prefixEnd)) };
}
