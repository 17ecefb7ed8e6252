import { InputError } from '../../../base/errors.js';
import { type Detection, FIT, type Fit, type Misfit, misfit } from '../reader.js';
import { noLines } from '../scan/lines.js';
import { isEvent, type LineForm, leaderPattern, lineForm } from './leader.js';
import { finishedCall } from './logged-call.js';
import { messageIn, otherLine } from './other-lines.js';

/** Bytes at the start of a log that tell its form. */
export const HEAD_BYTES = 1 << 16;
/** Lines of these that are looked at. */
const LOOKED_AT = 1000;
/** Characters of a line that a message shows. */
const SHOWN = 60;

/** What a line should be, for messages. */
const EXPECTED = 'a call as strace prints it: [thread] [time] name(arguments) = result';

/** Calls by which a log without times is known to be of system calls, not of functions. */
const KNOWN_CALL =
  /^(?:access|brk|clone3?|close|dup[23]?|execve|exit|exit_group|fallocate|fcntl|fork|fstat|ftruncate|futex|getpid|ioctl|lseek|madvise|memfd_create|mmap2?|mprotect|mremap|munmap|newfstatat|openat?|poll|pread64|prlimit64|process_madvise|read|rt_sig\w+|sched_yield|set_tid_address|shmat|shmget|vfork|wait4|write)\(/;

const DECIMAL_COMMA = /\d+,\d{3,9}\b/;

interface HeadLine {
  readonly number: number;
  readonly text: string;
}

/** The first lines of a log that say something. */
function headLines(head: Uint8Array): HeadLine[] {
  const lines = Buffer.from(head).toString('latin1').split('\n', LOOKED_AT);
  return lines
    .map((text, i) => ({ number: i + 1, text: text.replace(/\r$/, '') }))
    .filter(({ text }) => text.trim() !== '' && !text.startsWith('#'));
}

/** Whether a line's call is a whole one, or cut as strace cuts calls; other texts have parentheses as well. */
function isSure(text: string, at: number, form: LineForm): boolean {
  if (!isEvent(text, at)) return false;
  const event = text.slice(at);
  if (!/^[a-z_?]/.test(event)) return true;
  if (form.clock === 'calls' && !KNOWN_CALL.test(event)) return false;
  return / <(?:unfinished|detached) \.\.\.>$/.test(event) || !!messageIn(event) || !!finishedCall(event);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN));
}

/** What is wrong with a line. */
interface Wrong {
  readonly line: number;
  readonly what: string;
}

/** What is wrong with the first line that strace does not print; undefined where there are only messages and summaries. */
function firstWrong(lines: readonly HeadLine[]): Wrong | undefined {
  const line = lines.find(({ text }) => !otherLine(text));
  if (!line) return undefined;
  const call = /(?:^|[\s\]])([a-z_][a-z0-9_]*)\(/.exec(line.text)?.[1];
  const missing = call === undefined ? 'no call with its arguments' : `no result of ${call} (" = …")`;
  return { line: line.number, what: `${shown(line.text)} has ${missing}, expected ${EXPECTED}` };
}

/** The form of lines, or what is wrong with them. */
function formOfLines(lines: readonly HeadLine[]): LineForm | Wrong | undefined {
  const form = lineForm(lines.map(({ text }) => text));
  if (!form) return firstWrong(lines);
  if (!form.comma) return form;
  const { number, text } = lines.find((line) => DECIMAL_COMMA.test(line.text))!;
  const time = DECIMAL_COMMA.exec(text)![0];
  return { line: number, what: `the time ${time} has a decimal comma, expected a point (LC_ALL=C strace …)` };
}

/**
 * The form of the lines of a log.
 *
 * @throws InputError where no line is strace's, and for decimal commas
 */
export function formOf(head: Uint8Array, file: string): LineForm {
  const form = formOfLines(headLines(head));
  if (!form) throw new InputError('no system calls in this log', { file });
  if ('what' in form) throw new InputError(form.what, { file, line: form.line });
  return form;
}

/**
 * Detects a log of strace by its first lines, whatever options it was made with: what is wrong below is for the reader
 * to say.
 */
export function detectCalls(head: Uint8Array, fit: Exclude<Fit, typeof FIT.none>): Detection {
  const lines = head.includes(0) ? [] : headLines(head);
  if (lines.length === 0) return noLines(head);
  const form = formOfLines(lines);
  if (!form) return misfit('there are only messages and summaries of strace, expected calls', head.length);
  if ('what' in form) return misfit(`line ${form.line}: ${form.what}`);
  return fitOf(lines, form, fit);
}

/** Where other lines than strace's prevail, as output of a program may, another format may fit better. */
function fitOf(
  lines: readonly HeadLine[],
  form: LineForm,
  fit: Exclude<Fit, typeof FIT.none>,
): Detection | Misfit {
  const pattern = leaderPattern(form);
  let sure = 0;
  let foreign = 0;
  for (const { text } of lines) {
    const leader = pattern.exec(text);
    if (leader && isSure(text, leader[0].length, form)) sure++;
    else if (!otherLine(text)) foreign++;
  }
  if (sure === 0) {
    const { number, text } = lines.find((line) => !otherLine(line.text)) ?? lines[0]!;
    return misfit(`line ${number}: ${shown(text)} is no system call with its result, expected ${EXPECTED}`);
  }
  return { fit: sure >= foreign ? fit : FIT.possible };
}
