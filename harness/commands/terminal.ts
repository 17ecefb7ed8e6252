import { once } from 'node:events';
import { printable } from '../base/printable.js';
import { type Look, USUAL_COLUMNS } from '../report/terminal-text.js';

/** Tables need as many columns, however narrow the terminal is. */
const FEWEST_COLUMNS = 40;

/** Writes results to standard output; waits while a pipe is full. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)) await once(process.stdout, 'drain');
}

/**
 * How standard output shows text: the columns of the terminal, or 80, and colours where it is one, unless NO_COLOR is set.
 * FORCE_COLOR decides where it is set (https://no-color.org, https://force-color.org).
 */
export function outputLook(): Look {
  const { columns, isTTY } = process.stdout;
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const wanted = isTTY === true && (NO_COLOR ?? '') === '';
  const colour = (FORCE_COLOR ?? '') === '' ? wanted : FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return { columns: Math.max(FEWEST_COLUMNS, columns ?? USUAL_COLUMNS), colour };
}

/** Prints something that is not a result, as one line on standard error. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}
