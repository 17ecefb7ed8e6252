import { InputError } from '../../../base/errors.js';

/** A fault later than this after memory was mapped says nothing about when it was. */
const CLOSE_US = 1000;
/** Steps of the search that take no longer than reading the files. */
const MOST_STEPS = 2e7;

/** Memory that was mapped and not used before, by the clock of the calls. */
export interface FreshMemory {
  readonly timeUs: number;
  /** First page, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  /** Whose memory it is; undefined where only one program is recorded. */
  readonly space?: number;
}

/** A page fault, by the clock of the faults. */
export interface TimedFault {
  readonly timeUs: number;
  /** Page number. */
  readonly page: number;
  readonly space?: number | undefined;
}

/** The times of the faults in fresh memory, by time. */
function timesWithin({ start, end, space }: FreshMemory, faults: readonly TimedFault[]): number[] {
  return faults
    .filter((fault) => fault.page >= start && fault.page < end && fault.space === space)
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

/** Fresh memory with the times of the faults in it. */
interface Used {
  readonly timeUs: number;
  readonly times: readonly number[];
}

/** As much of the memory that was used as can be tried; first that with the fewest faults, which tells most. */
function tried(fresh: readonly FreshMemory[], faults: readonly TimedFault[]): Used[] {
  const most = Math.ceil(MOST_STEPS / Math.max(1, faults.length));
  const used = fresh
    .slice(0, most)
    .map((memory) => ({ timeUs: memory.timeUs, times: timesWithin(memory, faults) }))
    .filter(({ times }) => times.length > 0)
    .sort((a, b) => a.times.length - b.times.length);
  let count = 0;
  let candidates = 0;
  for (const { times } of used) {
    candidates += times.length;
    if (count > 1 && candidates * (count + 1) > MOST_STEPS) break;
    count++;
  }
  return used.slice(0, count);
}

/**
 * What to add to a time of the calls to have that of the faults, in µs. A program that maps memory uses it soon: the right
 * offset is the one by which the most fresh memory is followed by a fault in it within a millisecond, the smallest of
 * these, so that no fault of them comes before its memory.
 *
 * @param what the memory is called, for messages
 * @param fewest how much of it must be followed: one could be followed by any fault
 * @param file what messages call the faults
 * @throws InputError where faults follow less than that
 */
export function clockOffset(
  fresh: readonly FreshMemory[],
  faults: readonly TimedFault[],
  { what, fewest, file }: { readonly what: string; readonly fewest: number; readonly file: string },
): { readonly offset: number; readonly followed: number } {
  const used = tried(fresh, faults);
  let best = { followed: 0, offset: Number.POSITIVE_INFINITY };
  for (const { timeUs, times } of used) {
    for (const time of times) {
      const offset = time - timeUs;
      const followed = used.filter((other) => hasCloseAfter(other.times, other.timeUs + offset)).length;
      if (followed > best.followed || (followed === best.followed && offset < best.offset))
        best = { followed, offset };
    }
  }
  if (best.followed < fewest)
    throw new InputError(
      `faults follow ${best.followed} ${what}, expected at least ${fewest} to compare the clocks by`,
      { file },
    );
  return best;
}
