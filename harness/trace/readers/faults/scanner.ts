import type { LineAccount } from '../account.js';
import { type Detection, FIT, misfit } from '../reader.js';
import type { Cursor } from '../scan/cursor.js';
import { headLines, noLines } from '../scan/lines.js';
import { type FaultClass, FaultLine, lostEvents } from './line.js';

/** How recordings are made that have addresses. */
const RECIPE = 'the address: perf record -c 1 -d -e page-faults, then perf script -F +addr';

/** The upper word of the lowest kernel address. */
const KERNEL = 0x8000_0000;
/** Pages of files get addresses that no program has: 2^56 on, 2^40 bytes for each file. */
const FILES = 2 ** 24;
const FILE_WORDS = 2 ** 8;
const MOST_FILES = 2 ** 15;

/**
 * Finds the page faults in a recording of `perf script`, `perf trace`, ftrace or trace-cmd, line by line, and counts what
 * else is in it by what it is.
 */
export class FaultScanner {
  readonly line = new FaultLine();
  /** µs of the last fault; a fault without a time is a microsecond after the one before. */
  timeUs = 0;
  /** Which event shows the faults: others of the same faults are left out. */
  private shown: FaultClass | undefined;
  private readonly files = new Map<string, number>();
  private untimed = 0;
  private unkinded = 0;
  private unsampled = 0;
  private guessed = 0;
  private onFiles = 0;

  /** @param account counts the lines that are no fault; undefined where only the start of a file is looked at */
  constructor(private readonly account?: LineAccount) {}

  /**
   * Reads the line at the cursor, and stays on it. Returns whether it is a fault: `line` is then what it says, with an
   * address.
   *
   * @throws InputError for a fault without an address, and for what no such recording has
   */
  next(cursor: Cursor): boolean {
    const text = cursor.text();
    if (cursor.blank) {
      this.lost(text);
      return false;
    }
    const { line } = this;
    const kind = line.read(text);
    if (kind === 'fault') return this.fault(cursor);
    if (kind === 'blind' && this.shown !== undefined && this.shown !== line.faultClass) return this.unused();
    if (kind === 'blind') return cursor.fail(`${line.what}, expected ${RECIPE}`);
    if (kind === 'unknown') {
      cursor.blanks();
      return cursor.wrong('a page fault of perf script, perf trace, ftrace or trace-cmd, with its address');
    }
    this.lost(text);
    this.account?.leave(line.what);
    return false;
  }

  private fault(cursor: Cursor): boolean {
    const { line, account } = this;
    this.shown ??= line.faultClass;
    if (line.faultClass !== this.shown) return this.unused();
    if (line.file !== undefined) this.filePage(line.file, cursor);
    else if (line.high >= KERNEL) {
      account?.leave('faults on kernel addresses');
      return false;
    }
    this.timeUs = line.timeUs ?? this.timeUs + 1;
    if (line.timeUs === undefined) this.untimed++;
    if (line.write === undefined) this.unkinded++;
    if (line.guessed) this.guessed++;
    this.unsampled += line.period - 1;
    return true;
  }

  /** A fault that another event shows. */
  private unused(): false {
    this.account?.leave(`${this.line.faultClass} events, as ${this.shown} events are used`);
    return false;
  }

  /**
   * Says what was assumed of the faults, once all have been read.
   *
   * @param taken what those are taken for that do not say whether they read or wrote; undefined where that is decided later
   */
  finish(taken: string | undefined): void {
    const { account } = this;
    // Where faults are joined with calls, those without a time are left out.
    if (taken !== undefined) {
      account?.remark(
        'faults without a time: each is a microsecond after the one before',
        this.untimed,
        'times',
      );
      account?.remark(`faults that do not say whether they read or wrote, taken for ${taken}`, this.unkinded);
    }
    account?.remark(
      'faults that samples stand for without their addresses (perf record -c 1 has all)',
      this.unsampled,
    );
    account?.remark(
      'addresses that are known by their place only, as the columns of perf are not kept',
      this.guessed,
    );
    account?.remark(
      'faults on files, of which perf trace prints no address: pages go by file and offset',
      this.onFiles,
    );
  }

  private filePage(file: string, cursor: Cursor): void {
    let index = this.files.get(file);
    if (index === undefined) {
      index = this.files.size;
      if (index === MOST_FILES) cursor.fail(`more than ${MOST_FILES} files, expected fewer`);
      this.files.set(file, index);
    }
    const { line } = this;
    if (line.high >= FILE_WORDS) cursor.fail('a place in a file beyond 2^40 bytes, expected less');
    line.high += FILES + index * FILE_WORDS;
    this.account?.remark(
      'faults on files, of which perf trace prints no address: pages go by file and offset',
    );
  }

  private lost(text: string): void {
    this.account?.remark('events lost while recording', lostEvents(text));
  }
}

/** Characters of a wrong line that a misfit shows. */
const SHOWN = 40;

/**
 * Detects a recording of page faults by what its first lines are: certain with a fault among them, also one without its
 * address, as reading says what to do then; likely with other events that have a time.
 */
export function detectFaults(head: Uint8Array): Detection {
  const lines = headLines(head);
  if (lines.length === 0) return noLines(head);
  const line = new FaultLine();
  let surely = false;
  let timed = false;
  for (const { number, text, start } of lines) {
    const kind = line.read(text.trimEnd());
    if (kind === 'unknown')
      return misfit(
        `line ${number}: ${JSON.stringify(text.slice(0, SHOWN))} is wrong, expected a page fault of perf script or ftrace`,
        start,
      );
    surely ||= (kind === 'fault' || kind === 'blind') && line.named;
    timed ||= kind !== 'other' || line.timeUs !== undefined;
  }
  if (surely) return { fit: FIT.certain };
  return timed ? { fit: FIT.possible } : misfit(`line ${lines[0]!.number} and those after it are no events`);
}
