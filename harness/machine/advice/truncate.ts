import type { SyscallResult } from '../../contract/target.js';
import { PART, type StallIndex } from '../../cost/ledger.js';
import { callNs } from '../../cost/table.js';
import { HUGETLB_PAGES } from '../memory/hugetlb-pool.js';
import { truncateObject } from '../object/lifetime.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { newCall, punchNs } from './call.js';

/**
 * ftruncate to `index` and again to the size before, which frees the pages from `index` on and private copies of them.
 * EINVAL, and nothing happens, when the pages do not reach the end of the object, or programs hold no descriptor that may
 * write to a file.
 *
 * Costs are a proxy: the pages as PUNCH_HOLE frees them, and for growing a PUNCH_HOLE that finds nothing.
 * Source: shmem_setattr in mm/shmem.c.
 */
export function truncateTail(
  m: State,
  object: SharedObject | undefined,
  index: number,
  count: number,
  options: { readonly descriptor: boolean; readonly part?: StallIndex },
): SyscallResult {
  const { descriptor, part = PART.discard } = options;
  const call = newCall();
  const emptyNs = refusedTruncateNs(m);
  if (!object || refusesTruncate(object, index, count, descriptor)) {
    m.ledger.cpu(part, emptyNs);
    return { errno: 'EINVAL', value: 0, pages: 0 };
  }
  const size = object.size;
  const gone = truncateObject(m, object, index);
  truncateObject(m, object, size);
  call.present = gone.pages;
  call.unmapped = gone.entries;
  m.ledger.cpu(part, punchNs(m, call, Math.max(count, gone.pages)) + emptyNs);
  m.flushTlbOnce(part);
  return { errno: 0, value: 0, pages: count };
}

/** Whether `truncateTail` does nothing. */
export function refusesTruncate(
  object: SharedObject | undefined,
  index: number,
  count: number,
  descriptor: boolean,
): boolean {
  const file = object?.inMemory || object?.backing === 'file';
  if (object?.backing === 'hugetlb' && index % HUGETLB_PAGES !== 0) return true;
  return !object || !file || !descriptor || index + count < object.size || index >= object.size;
}

/** What it costs then. */
export function refusedTruncateNs({ costs }: State): number {
  return callNs(costs.calls.punch, 0, 1);
}
