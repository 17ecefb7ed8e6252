import type { LineAccount } from '../trace/readers/account.js';
import { note } from './terminal.js';

/** Prints, on standard error, what of a file is not in the result and what was assumed; nothing where all of it is. */
export function noteAccount(file: string, account: LineAccount): void {
  for (const [what, lines] of account.leftOut) note(`${file}: left out: ${what} (${lines})`);
  for (const [what, count] of account.remarks) note(`${file}: ${what} (${count})`);
}
