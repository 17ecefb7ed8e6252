import { closest } from 'fastest-levenshtein';
import { InputError } from './errors.js';

/**
 * The error for a name that is not known: lists the valid ones and, where one is close, the nearest.
 *
 * @param kind what was named, for example `discard policy`
 */
export function unknownName(kind: string, name: string, valid: readonly string[]): InputError {
  const list = valid.length > 0 ? `expected one of ${valid.join(', ')}` : 'there are none';
  const near = valid.length > 0 ? closest(name, valid) : '';
  const close = near !== '' && sharesHalf(name, near) ? `; did you mean ${near}?` : '';
  return new InputError(`unknown ${kind} "${name}", ${list}${close}`);
}

/** A suggestion helps only if at least half of the longer name is in place already. */
function sharesHalf(a: string, b: string): boolean {
  const longer = Math.max(a.length, b.length);
  let same = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] === b[i]) same++;
  return same * 2 >= longer || a.startsWith(b) || b.startsWith(a);
}
