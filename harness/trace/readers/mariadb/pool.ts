import { InputError } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import type { Call } from '../calls/call.js';

/** What a call did to the buffer pool. Times are those of the log. */
export interface PoolCall {
  readonly call: Call;
  readonly timeUs: number;
  readonly kind: 'map' | 'discard';
  /** Page numbers; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** The buffer pool of a database server. */
export interface Pool {
  /** Thread that reserved the addresses. */
  readonly process: number;
  /** The call that reserved them. */
  readonly reservation: Call;
  /** All that was ever mapped of it, in pages. */
  readonly start: number;
  readonly end: number;
  readonly calls: readonly PoolCall[];
}

function bytesOf(call: Call): number {
  return Number(call.args[1]);
}

/** InnoDB reserves addresses for the largest pool there can be, by far the largest mapping, and maps what it needs of it. */
function reservation(calls: readonly Call[]): Call | undefined {
  const reservations = calls.filter(
    ({ name, args, result }) =>
      name === 'mmap' && args[2] === 'PROT_NONE' && (args[3] ?? '').includes('MAP_ANON') && result > 0,
  );
  return reservations.reduce<Call | undefined>(
    (largest, call) => (largest && bytesOf(largest) >= bytesOf(call) ? largest : call),
    undefined,
  );
}

function kindOf({ name, args, result }: Call): PoolCall['kind'] | undefined {
  if (!(result >= 0)) return undefined;
  if (name === 'mmap' && (args[3] ?? '').includes('MAP_FIXED')) return 'map';
  return name === 'madvise' && args[2] === 'MADV_DONTNEED' ? 'discard' : undefined;
}

/**
 * The calls of a log that map and drop memory of InnoDB's buffer pool (mmap with MAP_FIXED, MADV_DONTNEED), in the
 * addresses that were reserved for it.
 *
 * @param file what messages call the log
 * @throws InputError where there is no pool
 */
export function findPool(calls: readonly Call[], file: string): Pool {
  const reserved = reservation(calls);
  const first = reserved?.result ?? 0;
  const last = first + (reserved ? bytesOf(reserved) : 0);
  const found: PoolCall[] = [];
  for (const call of calls) {
    const kind = kindOf(call);
    const start = Number(call.args[0]);
    if (!kind || !(start >= first && start < last)) continue;
    const end = Math.ceil((start + bytesOf(call)) / PAGE_BYTES);
    found.push({ call, timeUs: call.timeUs, kind, start: start / PAGE_BYTES, end });
  }
  const maps = found.filter(({ kind }) => kind === 'map');
  if (!reserved || maps.length === 0)
    throw new InputError(
      'no buffer pool in this log, expected a reservation (PROT_NONE) and mmap with MAP_FIXED in it',
      {
        file,
      },
    );
  return {
    process: reserved.thread,
    reservation: reserved,
    start: Math.min(...maps.map(({ start }) => start)),
    end: Math.max(...maps.map(({ end }) => end)),
    calls: found,
  };
}
