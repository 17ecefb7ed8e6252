import { InputError } from '../../../base/errors.js';

/** A fault later than this after the pool grew says nothing about when it grew. */
const CLOSE_US = 1000;
/** One growth could be followed by any fault: only the time between two is a pattern to find again. */
const FEWEST_GROWTHS = 2;

/** A growth of the pool, by the clock of the calls. */
export interface Growth {
  readonly timeUs: number;
  readonly start: number;
  readonly end: number;
}

/** A page fault, by the clock of the faults. */
export interface Fault {
  readonly timeUs: number;
  /** Page number. */
  readonly page: number;
  readonly write: boolean;
}

/** The times of the faults inside a growth, by time. */
function timesWithin({ start, end }: Growth, faults: readonly Fault[]): number[] {
  return faults
    .filter(({ page }) => page >= start && page < end)
    .map(({ timeUs }) => timeUs)
    .sort((a, b) => a - b);
}

/** Whether one of the sorted times is in the moment from `from` on. */
function hasCloseAfter(times: readonly number[], from: number): boolean {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low < times.length && times[low]! <= from + CLOSE_US;
}

/**
 * What to add to a time of the calls to have that of the faults, in µs. A database that has grown its pool uses the new
 * memory immediately: the right offset is the one by which the most growths are followed by a fault in them within a millisecond,
 * the smallest of these, so that no fault of them comes before its growth.
 *
 * @param file what messages call the faults
 * @throws InputError where faults follow fewer than two growths
 */
export function clockOffset(growths: readonly Growth[], faults: readonly Fault[], file: string): number {
  const times = growths.map((growth) => timesWithin(growth, faults));
  let best = { followed: 0, offset: Number.POSITIVE_INFINITY };
  growths.forEach(({ timeUs }, i) => {
    for (const time of times[i]!) {
      const offset = time - timeUs;
      const followed = growths.filter((other, j) => hasCloseAfter(times[j]!, other.timeUs + offset)).length;
      if (followed > best.followed || (followed === best.followed && offset < best.offset))
        best = { followed, offset };
    }
  });
  if (best.followed < FEWEST_GROWTHS)
    throw new InputError(
      `faults follow ${best.followed} growths of the pool, expected at least ${FEWEST_GROWTHS} to compare the clocks by`,
      { file },
    );
  return best.offset;
}
