import type { Clock } from '../calls/call.js';

/** How the lines of a log begin. */
export interface LineForm {
  readonly clock: Clock;
  /** Digits of a second after its point: 0, 3, 6 or 9. */
  readonly digits: number;
  /** Whether a comma stands before them, and not a point. */
  readonly comma: boolean;
}

/** What stands before the call in a line: strace -f, -Y, then -t or -r, both, -n, -i. Captures the thread, twice. */
const THREAD = '(?:\\[pid +(\\d+)(?:<[^>]*>)?\\] |(\\d+)(?:<[^>]*>)? +)?';
/** Pasted logs are indented; without times in seconds, as -r pads these. */
const INDENT = '(?:[ \\t]+(?=[a-z]|<\\.\\.\\. |\\+\\+\\+ |--- |\\[pid|\\d\\d:\\d\\d:|\\d{9,}\\.))?';
const AFTER_TIME = '(?:\\(\\+ +\\d+(?:\\.\\d+)?\\) )?(?:\\[ *\\d+\\] )?(?:\\[[0-9a-f?]{8,16}\\] )?';

/** Times by clock: the last two groups are whole seconds (or three for hours, minutes, seconds) and decimals. */
function timePattern({ clock, digits }: LineForm): string {
  const decimals = digits > 0 ? `\\.(\\d{${digits}})` : '()';
  if (clock === 'calls') return '';
  if (clock === 'day') return `(\\d\\d):(\\d\\d):(\\d\\d)${decimals} `;
  return ` *(\\d+)${decimals} `;
}

/** What a line of a form begins with. Groups: the thread in brackets, the thread, then those of the time. */
export function leaderPattern(form: LineForm): RegExp {
  return new RegExp(`^${INDENT}${THREAD}${timePattern(form)}${AFTER_TIME}`);
}

/** What follows the leader: a call, the end of one, of a thread, a signal, or a change of personality. */
const EVENT =
  /(?:[a-z_][a-z0-9_]*|\?{3,4})\(|<\.\.\. (?:[a-z0-9_]+|\?{3,4}) resumed>|\+\+\+ (?:exited|killed|superseded)|--- (?:SIG|stopped)|\[ Process PID=/y;

/** Whether a call, the end of one or of a thread, or a signal begins at a place of a line. */
export function isEvent(text: string, at: number): boolean {
  EVENT.lastIndex = at;
  return EVENT.test(text);
}

/** A line of any form. Groups: threads, time of day, its decimals; or spaces, seconds, decimals. */
const ANY = new RegExp(
  `^${INDENT}${THREAD}(?:(\\d\\d:\\d\\d:\\d\\d)(?:([.,])(\\d+))? |( *)(\\d+)(?:([.,])(\\d+))? )?${AFTER_TIME}`,
);
/** Times of the epoch are above: 1973. */
const LEAST_EPOCH_S = 1e8;
/** -r pads seconds to this width, and a thread's id is padded to the one below: `%-5u %6ld.%06ld`. */
const SECONDS_WIDTH = 6;
const ID_WIDTH = 5;

/** What the leader of one line says. */
interface Leader extends LineForm {
  /** Whether a number of seconds is too small for the epoch, and is not padded as -r does. */
  readonly unsure: boolean;
}

/** Whether seconds are those of -r: they are padded, or begin at 0. */
function isRelative(match: RegExpExecArray): boolean {
  const [, bracketed, id, , , , spaces = '', seconds = ''] = match;
  if (/^0+$/.test(seconds)) return true;
  if (bracketed !== undefined || id === undefined)
    return spaces.length > 0 && spaces.length + seconds.length >= SECONDS_WIDTH;
  // The spaces behind an id belong to its group's pattern: where the seconds end tells.
  const end = match[0].indexOf(seconds, id.length) + seconds.length;
  return end >= Math.max(ID_WIDTH, id.length) + 1 + SECONDS_WIDTH;
}

function leaderOf(text: string): Leader | undefined {
  const match = ANY.exec(text);
  if (!match || !isEvent(text, match[0].length)) return undefined;
  const [, , id, ofDay, dayPoint, dayDecimals = '', , seconds, point, decimals = ''] = match;
  const comma = dayPoint === ',' || point === ',';
  if (ofDay !== undefined) return { clock: 'day', digits: dayDecimals.length, comma, unsure: false };
  // A number alone is a thread's id, unless it is too large for one.
  if (seconds === undefined)
    return { clock: Number(id) >= LEAST_EPOCH_S ? 'epoch' : 'calls', digits: 0, comma, unsure: false };
  const digits = decimals.length;
  if (Number(seconds) >= LEAST_EPOCH_S) return { clock: 'epoch', digits, comma, unsure: false };
  const relative = isRelative(match);
  return { clock: relative ? 'relative' : 'epoch', digits, comma, unsure: !relative };
}

/** The form that most of some lines have; undefined where none is strace's. */
export function lineForm(lines: readonly string[]): LineForm | undefined {
  const leaders = lines.flatMap((line) => leaderOf(line) ?? []);
  // Pasted lines have lost their padding: those after a 0 count from it.
  const relative = leaders.find(({ clock, unsure }) => clock === 'relative' || unsure)?.clock === 'relative';
  const votes = new Map<string, { form: Leader; count: number }>();
  for (const leader of leaders) {
    const form: Leader = leader.unsure && relative ? { ...leader, clock: 'relative' } : leader;
    const key = `${form.clock} ${form.digits} ${form.comma}`;
    const vote = votes.get(key);
    if (vote) vote.count++;
    else votes.set(key, { form, count: 1 });
  }
  const most = [...votes.values()].reduce<{ form: Leader; count: number } | undefined>(
    (best, vote) => (best && best.count >= vote.count ? best : vote),
    undefined,
  );
  return most?.form;
}
