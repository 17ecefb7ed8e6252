import type { LineAccount } from '../account.js';

/** strace says something, with its name or, before 4.20, without. */
const MESSAGE = /(?:\^C)*(?:strace: .*|Process \d+ (?:attached|detached|suspended|resumed).*)$/;
const ATTACHED = /Process (\d+) attached/;
/** A frame of -k; a merged log has the thread before it. */
const FRAME = /^(?:\d+ +| +)> /;
const SUMMARY =
  /^(?:System call usage summary for |% time +seconds |-+ -+ | *\d+\.\d+ +\d+\.\d+ +\d.* [a-z_]\w*$)/;

/** A message of strace in a line. */
export interface Message {
  /** Where it begins. */
  readonly at: number;
  /** The thread that strace says it attached to. */
  readonly attached: number | undefined;
}

/** The message of strace that ends a line; undefined where there is none. */
export function messageIn(text: string): Message | undefined {
  const match = MESSAGE.exec(text);
  if (!match) return undefined;
  const attached = ATTACHED.exec(match[0])?.[1];
  return { at: match.index, attached: attached === undefined ? undefined : Number(attached) };
}

/** What a line is that strace prints besides calls; undefined where strace does not. */
export function otherLine(text: string): string | undefined {
  if (text === '') return 'empty lines';
  if (messageIn(text)?.at === 0) return 'messages of strace';
  if (FRAME.test(text)) return 'frames of stacks (-k)';
  return SUMMARY.test(text) ? 'lines of a summary (-c, -C)' : undefined;
}

/** Counts lines that are no part of a call, with the first line of each kind. */
export class ForeignLines {
  private foreign = 0;
  private firstForeign = 0;
  private cut = 0;
  private firstCut = 0;

  /** Counts lines of a call of which the rest is not there. */
  addCut(line: number, lines: number): void {
    if (this.cut === 0) this.firstCut = line;
    this.cut += lines;
  }

  /** Counts lines that are not strace's, as output of the program. */
  add(line: number, lines: number): void {
    if (lines > 0 && this.foreign === 0) this.firstForeign = line;
    this.foreign += lines;
  }

  /** Leaves out what was counted. */
  finish(account: LineAccount): void {
    account.leave(`lines that are not strace's, the first is line ${this.firstForeign}`, this.foreign);
    account.leave(`calls cut short, the first in line ${this.firstCut}`, this.cut);
  }
}
