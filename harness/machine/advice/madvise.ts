import { PART } from '../../cost/ledger.js';
import { callNs } from '../../cost/table.js';
import { InputError } from '../../input/errors.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { Advice } from '../../trace/op.js';
import type { Machine } from '../machine.js';
import type { Space } from '../mapping/space.js';
import { accessPattern } from './access-pattern.js';
import { type AdviceAction, type CallResult, type Found, newFound, punchNs } from './call.js';
import { dontneed } from './dontneed.js';
import { free } from './free.js';
import { remove } from './remove.js';

interface AdviceInfo {
  readonly act: AdviceAction;
  /** What the call costs, in ns. */
  readonly ns: (m: Machine, found: Found, named: number) => number;
}

const flagChange: AdviceInfo['ns'] = (m) => callNs(m.costs.calls.dontneed_anon, 0, 1);

const ACTIONS: Partial<Record<Advice, AdviceInfo>> = {
  MADV_NORMAL: { act: accessPattern('normal'), ns: flagChange },
  MADV_RANDOM: { act: accessPattern('random'), ns: flagChange },
  MADV_SEQUENTIAL: { act: accessPattern('sequential'), ns: flagChange },
  MADV_DONTNEED: {
    act: dontneed,
    ns: (m, found, named) => {
      const { dontneed_anon, dontneed_shared } = m.costs.calls;
      return callNs(found.shared ? dontneed_shared : dontneed_anon, found.present, named - found.present);
    },
  },
  MADV_FREE: {
    act: free,
    ns: (m, found, named) => callNs(m.costs.calls.free, found.present, named - found.present),
  },
  MADV_REMOVE: {
    act: remove,
    ns: (m, found, named) => punchNs(m, found, named) + m.costs.remove_extra.ns,
  },
};

/**
 * madvise(2) on pages of a space. VMAs are worked through by address; the first that refuses ends the call with its
 * error. Holes are skipped, and make the call return ENOMEM at the end (madvise_walk_vmas).
 *
 * @param part the stall part that pays
 * @throws InputError for an advice that this version does not model
 */
export function madvise(
  m: Machine,
  space: Space,
  page: number,
  count: number,
  advice: Advice,
  part = PART.discard,
): CallResult {
  const info = ACTIONS[advice];
  if (!info)
    throw new InputError(
      `${advice} is not modelled by this version, expected one of ${Object.keys(ACTIONS).join(', ')}`,
    );
  if (count === 0) return { errno: 0, value: 0, pages: 0 };
  const found = newFound();
  const end = page + count;
  let errno: Errno = 0;
  let at = page;
  let worked = 0;
  for (const vma of space.overlapping(page, end)) {
    if (vma.start > at) errno = 'ENOMEM';
    const from = Math.max(page, vma.start);
    const to = Math.min(end, vma.end);
    const refused = info.act(m, vma, from, to, found);
    if (refused !== 0) {
      errno = refused;
      break;
    }
    worked += to - from;
    at = to;
  }
  if (errno === 0 && at < end) errno = 'ENOMEM';
  m.ledger.cpu(part, info.ns(m, found, Math.max(1, worked)));
  return { errno, value: 0, pages: worked };
}
