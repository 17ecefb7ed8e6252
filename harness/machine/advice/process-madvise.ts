import type { SyscallResult } from '../../contract/target.js';
import { PART } from '../../cost/ledger.js';
import type { Advice } from '../../trace/op.js';
import type { Machine } from '../machine.js';
import { KERNELS } from '../state/settings.js';
import type { Space } from '../state/space.js';
import { newCall } from './call.js';
import { adviceNs, madvise } from './madvise.js';

/** Advice that one process may give on the memory of another: hints that lose nothing (process_madvise_remote_valid). */
const REMOTE: ReadonlySet<Advice> = new Set(['MADV_COLD', 'MADV_PAGEOUT', 'MADV_WILLNEED', 'MADV_COLLAPSE']);

/**
 * process_madvise(2): an advice on pages of `target`, which the caller pays for and waits for. EINVAL for advice that loses
 * contents or changes mappings; a process may give it on its own memory from Linux 6.13 on.
 * Source: process_madvise in mm/madvise.c.
 */
export function processMadvise(
  m: Machine,
  caller: Space,
  target: Space,
  { page, count }: { readonly page: number; readonly count: number },
  advice: Advice,
): SyscallResult {
  const own = caller === target && m.settings.kernel >= KERNELS['6.18'];
  if (own || REMOTE.has(advice)) return madvise(m, target, page, count, advice);
  m.ledger.cpu(PART.discard, adviceNs(m, advice, newCall(), 0));
  return { errno: 'EINVAL', value: 0, pages: 0 };
}
