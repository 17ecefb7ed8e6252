import { atWork, type Border } from './border.js';

type View = Uint8Array | Float64Array;

/** Methods that would change the array in place. */
const CHANGING = new Set(['fill', 'set', 'copyWithin', 'sort', 'reverse']);

/**
 * An array of the caller's as a policy may see it: for reading only. What would share its memory (`subarray`, `buffer`) is of a
 * copy.
 *
 * @param name of the array, for the offence
 */
export function readOnlyView<T extends View>(array: T, name: string, border: Border): T {
  const refuse = (): never => {
    throw border.offence(`${atWork()?.method ?? 'it'} changes pages.${name}, which is the caller's`);
  };
  return new Proxy(array, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return key === 'buffer' ? target.slice().buffer : value;
      if (CHANGING.has(String(key))) return refuse;
      return key === 'subarray' ? target.slice.bind(target) : value.bind(target);
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
  });
}
