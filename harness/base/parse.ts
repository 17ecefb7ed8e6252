import { InputError } from './errors.js';

/** A text of decimal digits as a number; NaN when it is not one, so that every comparison with it fails. */
export function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * Adds `key=value` to what was given.
 *
 * @param where the flag or the text that it stands in, for messages
 * @throws InputError when it is not of this form, or the key was given before
 */
export function addPair(given: Record<string, string>, pair: string, where: string): void {
  const equals = pair.indexOf('=');
  if (equals <= 0 || equals === pair.length - 1)
    throw new InputError(`"${pair}" in ${where} is not a parameter, expected key=value`);
  const key = pair.slice(0, equals);
  if (Object.hasOwn(given, key)) throw new InputError(`parameter ${key} is given twice in ${where}`);
  given[key] = pair.slice(equals + 1);
}

/** What was given, by keys of any name: an object without those that objects have. */
export function noPairs(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/** `key=value` texts by their keys. @throws InputError as `addPair` */
export function parsePairs(pairs: readonly string[], where: string): Record<string, string> {
  const given = noPairs();
  for (const pair of pairs) addPair(given, pair, where);
  return given;
}
