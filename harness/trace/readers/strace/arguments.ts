import { InputError } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import type { Call } from './calls.js';
import type { Range } from './maps.js';

/** Pages that hold a number of bytes. */
export function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
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
  const start = Math.floor(numberAt(call, address) / PAGE_BYTES);
  return { start, end: start + pages(numberAt(call, length)) };
}
