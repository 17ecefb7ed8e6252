import { InputError } from '../../../../base/errors.js';
import type { LineAccount } from '../../account.js';
import { THREAD_END } from '../../calls/call.js';
import { isFollowed } from '../../calls/calls-table.js';
import { callName, namedArguments } from '../../calls/constants.js';
import { UNRELATED } from '../../calls/scene.js';
import { lostEvents } from '../../faults/line.js';
import { NO_FILES } from '../../strace/arguments.js';
import { callArguments, TraceLine } from './line.js';
import type { PlacedCall } from './look-up.js';

/** Calls that other events of the recording tell of. */
const TOLD_BY_EVENTS = new Set([
  'clone',
  'clone3',
  'fork',
  'vfork',
  'execve',
  'execveat',
  'exit',
  'exit_group',
]);
/** Calls that never return. */
const ENDLESS = new Set(['exit', 'exit_group']);

/** A call that has begun. */
interface Begun {
  readonly name: string;
  readonly text: string;
}

/** Makes calls of the lines of a recording, and counts the lines that are none. */
export class TraceCalls {
  private readonly placed: PlacedCall[] = [];
  private readonly begun = new Map<number, Begun>();
  private readonly line = new TraceLine();
  private number = 0;
  private started: boolean;
  /** A line of no known form: of a recording that was cut, the last one. */
  private cut = 0;

  /**
   * @param program the process that becomes the program: what comes before is of the shell that waits; undefined where the
   * program ran already
   */
  constructor(
    private readonly file: string,
    private readonly account: LineAccount,
    private readonly program: number | undefined,
  ) {
    this.started = program === undefined;
  }

  /** @throws InputError with the line that ftrace does not print */
  read(text: string): void {
    this.number++;
    if (this.cut > 0) throw this.wrong();
    const { line, account } = this;
    const lost = lostEvents(text);
    if (lost > 0) {
      account.remark('events lost while recording', lost);
      account.leave('reports of lost events');
      return;
    }
    const kind = line.read(text);
    if (kind === 'comment') account.leave('empty lines and comments');
    else if (kind === 'wrong') this.cut = this.number;
    else if (!this.started && !this.starts(kind)) this.before(kind);
    else if (kind === 'enter') this.enter(line);
    else if (kind === 'exit') this.exit(line);
    else if (kind === 'newtask') this.newtask(line);
    else if (kind === 'exec') this.exec(line);
    else if (kind === 'end') this.end(line);
    // Those of faults are counted when they are read.
    else if (kind === 'other') account.leave(`${line.name} events`);
  }

  /** All calls in order; places are lines. Counts what had not ended. */
  finish(): PlacedCall[] {
    if (this.cut > 0) this.account.leave('lines that are cut short');
    this.account.leave('calls that had not ended', this.begun.size);
    return this.placed.sort((a, b) => a.call.timeUs - b.call.timeUs || a.line - b.line);
  }

  private wrong(): InputError {
    return new InputError('this is no line of ftrace, expected TASK-PID [CPU] FLAGS TIME: EVENT', {
      file: this.file,
      line: this.cut,
    });
  }

  private starts(kind: string): boolean {
    this.started = kind === 'exec' && this.line.thread === this.program;
    return this.started;
  }

  private before(kind: string): void {
    if (kind !== 'fault') this.account.leave('events from before the program began');
  }

  private enter({ thread, name, text }: TraceLine): void {
    if (ENDLESS.has(name)) {
      this.account.join();
      return;
    }
    if (this.begun.has(thread)) this.account.leave('calls that had not ended');
    this.begun.set(thread, { name, text });
  }

  private exit({ thread, name, number }: TraceLine): void {
    const { account } = this;
    const begun = this.begun.get(thread);
    if (begun?.name !== name) {
      // A new task returns from the call that made it, and the shell became the program within one.
      if (TOLD_BY_EVENTS.has(name)) account.join();
      else account.leave('ends of calls whose beginning is not in the recording');
      return;
    }
    this.begun.delete(thread);
    const plain = callName(name);
    if (TOLD_BY_EVENTS.has(name)) {
      if (number < 0) account.leave(`calls of ${name} that failed`, 2);
      else account.join(2);
    } else if (isFollowed(plain)) this.add(plain, namedArguments(name, callArguments(begun.text)), number, 2);
    else account.leave(UNRELATED, 2);
  }

  private newtask({ flags, number }: TraceLine): void {
    this.add('clone', namedArguments('clone', [`0x${flags}`]), number, 1);
  }

  /**
   * A thread that runs another program takes the id of its process over, whose own thread has ended by then: that end is
   * none of the process.
   */
  private exec({ thread, text, number: before }: TraceLine): void {
    if (before !== thread) {
      const at = this.placed.findLastIndex(({ call }) => call.thread === thread && call.name === THREAD_END);
      if (at >= 0) {
        this.placed.splice(at, 1);
        this.account.join();
      }
      if (this.begun.delete(before)) this.account.join();
      this.add(THREAD_END, [], 0, 0, before);
    }
    this.add('execve', [`"${text}"`], 0, 1);
  }

  private end({ thread }: TraceLine): void {
    if (this.begun.delete(thread)) this.account.leave('calls that had not ended');
    this.add(THREAD_END, [], 0, 1);
  }

  private add(
    name: string,
    args: readonly string[],
    result: number,
    lines: number,
    thread = this.line.thread,
  ): void {
    const { timeUs } = this.line;
    const place = { file: this.file, line: this.number };
    const failed = result < 0;
    const errno = failed ? `errno ${-result}` : undefined;
    const call = {
      thread,
      timeUs,
      name,
      args,
      files: NO_FILES,
      result: failed ? -1 : result,
      errno,
      durationNs: undefined,
      lines,
      place,
    };
    this.placed.push({ call, line: this.number });
  }
}
