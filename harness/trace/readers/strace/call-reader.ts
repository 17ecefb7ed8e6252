import { InputError } from '../../../base/errors.js';
import type { LineAccount } from '../account.js';
import { isEvent, type LineForm, leaderPattern } from './leader.js';
import { finishedCall, LoggedCall, type LogItem, threadEnd } from './logged-call.js';
import { ForeignLines, type Message, messageIn, otherLine } from './other-lines.js';
import { type Threads, UNNAMED } from './threads.js';
import { Times } from './times.js';

const RESUMED = /^<\.\.\. ([a-z0-9_]+|\?{3,4}) resumed>/;
const UNFINISHED = '<unfinished ...>';
const DETACHED = '<detached ...>';
const SUPERSEDED = /^\+\+\+ superseded by execve in pid (\d+)/;
/** A signal that tells of a child's end. */
const CHILD = /^--- SIGCHLD .*\bsi_code=CLD_(?:EXITED|KILLED|DUMPED), si_pid=(\d+)/;
const COMMA = / <\d+,\d+>$/;
const NAME = /^[^( ]*/;
/** A call that is longer is cut by something else than a message. */
const MAX_CALL_CHARACTERS = 1 << 16;
const THREADS = [1, 2] as const;

/** A call of which not all is read. */
interface Part {
  readonly thread: number;
  readonly timeUs: number;
  readonly text: string;
  /** Lines that it has taken. */
  readonly lines: number;
  /** Lines of these that were only tried, as the call seemed cut. */
  readonly tried: number;
  /** The line that it began in. */
  readonly line: number;
}

/** Reads the lines of a log one by one; joins calls that other lines interrupt. */
export class CallReader {
  private readonly leader: RegExp;
  private readonly times: Times;
  private readonly foreign = new ForeignLines();
  /** Calls that strace says are interrupted, by thread. */
  private readonly unfinished = new Map<number, Part>();
  /** A call that a message of strace, or output of its program, has cut: what follows may be the rest of it. */
  private open: Part | undefined;
  private line = 0;
  private calls = 0;
  private begun = false;

  /**
   * @param threads learns what lines say of threads
   * @param named the thread of all lines, where the file's name says it (-ff)
   */
  constructor(
    private readonly file: string,
    private readonly form: LineForm,
    private readonly account: LineAccount,
    private readonly threads: Threads,
    private readonly named?: number,
  ) {
    this.leader = leaderPattern(form);
    this.times = new Times(form);
  }

  /** Whether times of day have gone past midnight. */
  get pastMidnight(): boolean {
    return this.times.pastMidnight;
  }

  /**
   * The call that this line ends; undefined for a line that ends none, which is counted.
   *
   * @throws InputError for a call with a decimal comma
   */
  read(text: string): LogItem | undefined {
    this.line++;
    const leader = this.leader.exec(text);
    const at = leader ? leader[0].length : 0;
    if (!leader || !isEvent(text, at)) return this.other(text);
    this.giveUp();
    this.begun = true;
    const thread = this.named ?? Number(leader[THREADS[0]] ?? leader[THREADS[1]] ?? UNNAMED);
    const timeUs = this.times.of(leader);
    const part: Part = { thread, timeUs, text: text.slice(at), lines: 1, tried: 0, line: this.line };
    switch (text[at]) {
      case '-':
        return this.signal(part);
      case '[':
        return this.leave('messages of strace');
      case '+':
        return this.end(part);
      case '<':
        return this.resumed(part);
      default:
        return this.call(part);
    }
  }

  /**
   * Takes back the last call of a log whose last line has no end, where digits of its result may be missing.
   *
   * @returns whether it did
   */
  isCut({ result, durationNs, lines, place }: LogItem): boolean {
    if (place.line !== this.line || durationNs !== undefined || !(result > 9)) return false;
    this.foreign.addCut(this.line, lines);
    return true;
  }

  /** Counts what the log ends in the middle of. */
  finish(): void {
    this.giveUp();
    for (const { lines } of this.unfinished.values()) this.account.leave('calls that had not ended', lines);
    this.unfinished.clear();
    this.foreign.finish(this.account);
  }

  /** A signal: of the end of a child, it says whose it is. */
  private signal({ text, thread }: Part): undefined {
    const child = CHILD.exec(text)?.[1];
    if (child !== undefined) this.threads.addChild(Number(child), thread);
    return this.leave('signals');
  }

  private leave(what: string, lines = 1): undefined {
    this.account.leave(what, lines);
    return undefined;
  }

  /** A call that what follows does not complete is cut short; the lines that were tried are no part of it. */
  private giveUp(): void {
    if (!this.open) return;
    const { line, lines, tried } = this.open;
    this.open = undefined;
    this.foreign.addCut(line, lines - tried);
    this.foreign.add(line + 1, tried);
  }

  private other(text: string): LogItem | undefined {
    const known = otherLine(text);
    if (known !== undefined) {
      this.attach(text);
      return this.leave(known);
    }
    if (!this.open) {
      this.foreign.add(this.line, 1);
      return undefined;
    }
    const { open } = this;
    const part = { ...open, text: open.text + text, lines: open.lines + 1, tried: open.tried + 1 };
    if (part.text.length > MAX_CALL_CHARACTERS) {
      this.giveUp();
      this.foreign.add(this.line, 1);
      return undefined;
    }
    this.open = undefined;
    return this.call(part);
  }

  /** Learns which thread a message in a line says that strace attached to. */
  private attach(text: string): Message | undefined {
    const message = messageIn(text);
    if (message?.attached !== undefined) this.threads.attach(message.attached, this.begun);
    return message;
  }

  /** A call that ends, is interrupted, or is cut. */
  private call(part: Part): LogItem | undefined {
    const { text, thread, timeUs, lines } = part;
    if (text.endsWith(UNFINISHED)) return this.interrupted(part);
    if (text.endsWith(DETACHED)) return this.leave('calls that ran when strace detached', lines);
    const done = finishedCall(text);
    if (!done) return this.cut(part);
    if (done.said !== '' && COMMA.test(done.said)) throw this.comma();
    this.calls++;
    const us = this.form.clock === 'calls' ? this.calls - 1 : timeUs;
    return new LoggedCall(thread, us, done, lines, this.file, this.line);
  }

  private interrupted(part: Part): undefined {
    const { thread, text } = part;
    this.drop(thread);
    this.unfinished.set(thread, { ...part, text: text.slice(0, -UNFINISHED.length).trimEnd() });
  }

  /** Counts a call of a thread that does something else by now. */
  private drop(thread: number): void {
    const before = this.unfinished.get(thread);
    if (!before) return;
    this.leave('calls that had not ended', before.lines);
    this.unfinished.delete(thread);
  }

  private comma(): InputError {
    return new InputError(
      'the duration has a decimal comma, expected a point, as strace prints it in the locale C',
      { file: this.file, line: this.line },
    );
  }

  private cut(part: Part): undefined {
    const { text } = part;
    const message = this.attach(text);
    this.open = message ? { ...part, text: text.slice(0, message.at) } : part;
  }

  private resumed(part: Part): LogItem | undefined {
    const [whole, name] = RESUMED.exec(part.text)!;
    const head = this.headOf(part.thread, name!);
    // A log that was started late has ends without beginnings: what they did is unknown.
    if (!head) return this.leave('ends of calls whose beginning is not in the log', part.lines);
    this.unfinished.delete(head.thread);
    const tail = part.text
      .slice(whole.length)
      .replace(/^,/, ', ')
      .replace(/^, {2}/, ', ');
    const thread = part.thread === UNNAMED ? head.thread : part.thread;
    return this.call({ ...part, thread, text: head.text + tail, lines: head.lines + part.lines });
  }

  /** The beginning of a call: of the same thread, which may have no name in one of the lines. */
  private headOf(thread: number, name: string): Part | undefined {
    const own = this.unfinished.get(thread);
    if (own && nameOf(own) === name) return own;
    if (thread === UNNAMED) {
      // strace names no thread because there is no other one: the others have ended.
      const part = [...this.unfinished.values()].findLast((other) => nameOf(other) === name);
      if (part) this.threads.join(part.thread);
      return part;
    }
    const unnamed = this.unfinished.get(UNNAMED);
    return unnamed && nameOf(unnamed) === name && this.threads.join(thread) ? unnamed : undefined;
  }

  private end(part: Part): LogItem | undefined {
    const { text, timeUs, thread } = part;
    if (!text.endsWith(' +++')) {
      this.foreign.addCut(this.line, 1);
      return undefined;
    }
    const place = { file: this.file, line: this.line };
    const us = this.form.clock === 'calls' ? Math.max(0, this.calls - 1) : timeUs;
    this.drop(thread);
    const heir = Number(SUPERSEDED.exec(text)?.[1] ?? Number.NaN);
    if (Number.isNaN(heir)) return threadEnd(thread, us, 1, place);
    // The thread that runs another program takes over the id of its process: its own ends.
    const exec = this.unfinished.get(heir);
    this.unfinished.delete(heir);
    if (exec) this.unfinished.set(thread, { ...exec, thread });
    return threadEnd(heir, us, 1, place);
  }
}

function nameOf({ text }: Part): string {
  return NAME.exec(text)![0];
}
