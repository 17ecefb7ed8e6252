import type { SyscallResult } from '../../contract/target.js';
import { PART, type StallIndex } from '../../cost/ledger.js';
import { type CallCost, callNs } from '../../cost/table.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { Advice } from '../../trace/op.js';
import type { Machine } from '../machine.js';
import { PMD_PAGES } from '../memory/folios.js';
import { type Era, KERNELS } from '../state/settings.js';
import type { Space } from '../state/space.js';
import { type AdviceAction, type Call, hugeNs, newCall, punchNs } from './call.js';
import { cold } from './cold.js';
import { dontneed, dontneedLocked } from './dontneed.js';
import { free } from './free.js';
import { guardInstall, guardRemove } from './guard.js';
import { pageout } from './pageout.js';
import { populate } from './populate.js';
import { remove } from './remove.js';
import * as flags from './vma-flags.js';
import { setVolatile } from './volatile.js';
import { willneed } from './willneed.js';

interface AdviceInfo {
  /** What it does to each VMA; absent for advice that takes a range as a whole. */
  readonly act?: AdviceAction;
  /** A hole ends the call, which otherwise goes on behind it. */
  readonly endsAtHole?: boolean;
  /** The first version that has it (madvise_behavior_valid); absent: all have. */
  readonly since?: number;
  /** What the call costs, in ns. */
  readonly ns: (m: Machine, call: Call, named: number) => number;
}

type CallName = keyof Machine['costs']['calls'];

/** The price of a call by the pages it found. */
function priced(name: CallName): AdviceInfo['ns'] {
  return (m, call, named) => {
    const absent = Math.max(0, named - call.present - call.dropped * PMD_PAGES);
    return callNs(m.costs.calls[name] as CallCost, call.present, absent) + hugeNs(m, call);
  };
}

const flagChange = (act: AdviceAction): AdviceInfo => ({ act, ns: (m) => m.costs.flag_change.ns });

/** By where a purge policy keeps what is volatile: in the flags of VMAs, in each page as MADV_FREE, or in a tree of ranges. */
const volatileNs =
  (name: 'volatile' | 'nonvolatile'): AdviceInfo['ns'] =>
  (m, call, named) => {
    const { order } = m.purge.rules;
    if (order === 'reclaim') return priced(name)(m, call, named);
    if (order === 'lazyfree') return priced(name === 'volatile' ? 'free' : name)(m, call, named);
    return priced('volatile_tree')(m, call, named);
  };

const dontneedNs: AdviceInfo['ns'] = (m, call, named) =>
  priced(call.shared ? 'dontneed_shared' : 'dontneed_anon')(m, call, named);

const ACTIONS: Readonly<Record<Advice, AdviceInfo>> = {
  MADV_NORMAL: flagChange(flags.normal),
  MADV_RANDOM: flagChange(flags.random),
  MADV_SEQUENTIAL: flagChange(flags.sequential),
  MADV_DONTFORK: flagChange(flags.dontFork),
  MADV_DOFORK: flagChange(flags.doFork),
  MADV_WIPEONFORK: flagChange(flags.wipeOnFork),
  MADV_KEEPONFORK: flagChange(flags.keepOnFork),
  MADV_DONTDUMP: flagChange(flags.dontDump),
  MADV_DODUMP: flagChange(flags.doDump),
  MADV_HUGEPAGE: flagChange(flags.hugePage),
  MADV_NOHUGEPAGE: flagChange(flags.noHugePage),
  MADV_COLLAPSE: flagChange(flags.collapse),
  MADV_MERGEABLE: flagChange(flags.mergeable),
  MADV_UNMERGEABLE: flagChange(flags.unmergeable),
  MADV_DONTNEED: { act: dontneed, ns: dontneedNs },
  MADV_DONTNEED_LOCKED: { act: dontneedLocked, ns: dontneedNs },
  MADV_FREE: { act: free, ns: priced('free') },
  MADV_REMOVE: { act: remove, ns: (m, call, named) => punchNs(m, call, named) + m.costs.remove_extra.ns },
  MADV_COLD: { act: cold, ns: priced('cold') },
  MADV_PAGEOUT: { act: pageout, ns: priced('pageout') },
  MADV_WILLNEED: { act: willneed, ns: priced('willneed') },
  // Faults charge themselves; what is left is the call.
  MADV_POPULATE_READ: { act: populate(false), endsAtHole: true, ns: (m) => m.costs.flag_change.ns },
  MADV_POPULATE_WRITE: { act: populate(true), endsAtHole: true, ns: (m) => m.costs.flag_change.ns },
  MADV_GUARD_INSTALL: { act: guardInstall, ns: priced('guard_install'), since: KERNELS['6.18'] },
  MADV_GUARD_REMOVE: { act: guardRemove, ns: priced('guard_remove'), since: KERNELS['6.18'] },
  MADV_VOLATILE: { ns: volatileNs('volatile') },
  MADV_NONVOLATILE: { ns: volatileNs('nonvolatile') },
};

/**
 * madvise(2) on pages of a space. VMAs are worked through by address; the first that refuses ends the call with its
 * error. Holes are skipped, and make the call return ENOMEM at the end (madvise_walk_vmas). VOLATILE and NONVOLATILE
 * work on all of the range or none of it.
 *
 * @param options the stall part that pays, and for REMOVE which one it is
 */
export function madvise(
  m: Machine,
  space: Space,
  page: number,
  count: number,
  advice: Advice,
  options: { readonly part?: StallIndex; readonly era?: Era } = {},
): SyscallResult {
  if (count === 0) return { errno: 0, value: 0, pages: 0 };
  const call = newCall(options.era ?? m.settings.removeEra);
  const info = ACTIONS[advice];
  if (info.since !== undefined && m.settings.kernel < info.since)
    return { errno: 'EINVAL', value: 0, pages: 0 };
  const result = info.act
    ? walkVmas(m, space, { page, count }, info, call)
    : asWhole(m, space, page, page + count, call, advice);
  const { part = PART.discard } = options;
  m.ledger.cpu(part, adviceNs(m, advice, call, result.pages));
  m.flushTlbOnce(part);
  return result;
}

function asWhole(
  m: Machine,
  space: Space,
  page: number,
  end: number,
  call: Call,
  advice: Advice,
): SyscallResult {
  const { errno, value } = setVolatile(m, space, page, end, call, advice === 'MADV_VOLATILE');
  return { errno, value, pages: errno === 0 ? end - page : 0 };
}

/** What an advice costs that has found what `call` says, on `pages` pages. */
export function adviceNs(m: Machine, advice: Advice, call: Call, pages: number): number {
  return ACTIONS[advice].ns(m, call, Math.max(1, pages));
}

/** Applies an action to each VMA of a range by address, until one refuses. */
export function walkVmas(
  m: Machine,
  space: Space,
  { page, count }: { readonly page: number; readonly count: number },
  { act, endsAtHole }: Pick<AdviceInfo, 'act' | 'endsAtHole'>,
  call: Call,
): SyscallResult {
  const end = page + count;
  let errno: Errno = 0;
  let at = page;
  let worked = 0;
  for (const vma of space.overlapping(page, end)) {
    if (vma.start > at) {
      if (endsAtHole && m.settings.kernel >= KERNELS['6.12']) break;
      errno = 'ENOMEM';
    }
    const from = Math.max(page, vma.start);
    const to = Math.min(end, vma.end);
    const refused = act?.(m, vma, from, to, call) ?? 0;
    if (refused !== 0) return { errno: refused, value: 0, pages: worked };
    worked += to - from;
    at = to;
  }
  if (at < end) errno = 'ENOMEM';
  return { errno, value: 0, pages: worked };
}
