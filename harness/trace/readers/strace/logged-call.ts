import type { Place } from '../../../base/errors.js';
import { type Call, THREAD_END } from '../calls/call.js';
import { callName, namedArguments } from '../calls/constants.js';
import { NO_FILES, splitArgs, undecorated } from './arguments.js';

/** The result of a call: a number or `?`, then what it stands for or which error it is, then the duration of -T. */
const RESULT = /(\?|-?\d+|0x[0-9a-f]+)(?=$|[ <])(.*?)(?: <(\d+(?:\.\d+)?)>)?$/y;
const CALL = /^([a-z_][a-z0-9_]*|\?{3,4})\(/;
const ERROR = /^ (E[A-Z0-9]+)\b/;
/** What a result stands for (-y), and an id as strace's own namespace has it (--pidns-translation). */
const FILE = /^<(\/.*?)>(?:\(deleted\))?(?: |$)/;
const OWN_ID = /^(?:<[^>]*>)? \/\* (\d+) in strace's PID NS \*\//;

/** The parts of a finished call. */
export interface FinishedCall {
  /** The name in the log, as in `mmap2`. */
  readonly name: string;
  /** Its arguments, not split. */
  readonly args: string;
  readonly result: number;
  /** What follows the result. */
  readonly said: string;
  readonly durationNs: number | undefined;
}

/** A call, or the end of a thread, whose thread may turn out later. */
export interface LogItem extends Call {
  thread: number;
}

type Arguments = Pick<Call, 'args' | 'files'>;

/** A call as it stands in a log. Arguments are split when they are asked for: most calls of a log are of no interest. */
export class LoggedCall implements LogItem {
  readonly name: string;
  readonly result: number;
  readonly durationNs: number | undefined;
  private parsed: Arguments | undefined;

  constructor(
    public thread: number,
    readonly timeUs: number,
    private readonly call: FinishedCall,
    readonly lines: number,
    private readonly file: string,
    private readonly line: number,
  ) {
    this.name = callName(call.name);
    this.result = call.result;
    this.durationNs = call.durationNs;
  }

  get place(): Place {
    return { file: this.file, line: this.line };
  }

  get errno(): string | undefined {
    return ERROR.exec(this.call.said)?.[1];
  }

  get args(): readonly string[] {
    return this.arguments().args;
  }

  get files(): ReadonlyMap<number, string> {
    return this.arguments().files;
  }

  /** Replaces arguments that the log does not show. */
  assume(args: readonly string[]): void {
    this.parsed = { args, files: NO_FILES };
  }

  private arguments(): Arguments {
    if (this.parsed) return this.parsed;
    const { name, args, said } = this.call;
    const { text, files } = undecorated(args);
    const path = FILE.exec(said)?.[1];
    this.parsed = {
      args: namedArguments(name, splitArgs(text)),
      files: path === undefined ? files : new Map([...files, [this.result, path]]),
    };
    return this.parsed;
  }
}

const BLANK = ' ';

/** The place behind the parenthesis before ` = `; -1 where there is none. */
function argumentsEnd(text: string, equals: number): number {
  let end = equals;
  while (end > 0 && text[end - 1] === BLANK) end--;
  return text[end - 1] === ')' ? end : -1;
}

/** Reads the parts of a call, `name(arguments) = result`; undefined where it does not end as one. */
export function finishedCall(text: string): FinishedCall | undefined {
  const name = CALL.exec(text)?.[1];
  if (name === undefined) return undefined;
  // From the end on: strings may hold anything, a result's file may too.
  for (let at = text.lastIndexOf(' = '); at > 0; at = text.lastIndexOf(' = ', at - 1)) {
    RESULT.lastIndex = at + 3;
    const match = RESULT.exec(text);
    const end = match ? argumentsEnd(text, at) : -1;
    if (!match || end < 0) continue;
    const [, number, said, duration] = match;
    const own = OWN_ID.exec(said!)?.[1];
    return {
      name,
      args: text.slice(name.length + 1, end - 1),
      result: number === '?' ? Number.NaN : Number(own ?? number),
      said: said!,
      durationNs: duration === undefined ? undefined : Math.round(Number(duration) * 1e9),
    };
  }
  return undefined;
}

/** The end of a thread, which is no call: it has no arguments. */
export function threadEnd(thread: number, timeUs: number, lines: number, place: Place): LogItem {
  return {
    thread,
    timeUs,
    name: THREAD_END,
    args: [],
    files: NO_FILES,
    result: 0,
    errno: undefined,
    durationNs: undefined,
    lines,
    place,
  };
}
