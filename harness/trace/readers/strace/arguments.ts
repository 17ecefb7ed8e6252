import { InputError } from '../../../base/errors.js';
import type { Call } from './calls.js';
import type { Range } from './maps.js';

/** Bytes of a page on the machines whose logs are read. */
export const PAGE = 4096;

/** Pages that hold a number of bytes. */
export function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE);
}

/**
 * An argument of a call as a number.
 *
 * @throws InputError when it is none
 */
export function numberAt(call: Call, index: number): number {
  const value = Number(call.args[index]);
  if (Number.isNaN(value)) {
    throw new InputError(
      `argument ${index + 1} of ${call.name} is "${call.args[index]}", expected a number`,
      call.place,
    );
  }
  return value;
}

/** The pages of a call whose arguments are an address and a length in bytes. */
export function pageRange(call: Call, address: number, length: number): Range {
  const start = Math.floor(numberAt(call, address) / PAGE);
  return { start, end: start + pages(numberAt(call, length)) };
}
