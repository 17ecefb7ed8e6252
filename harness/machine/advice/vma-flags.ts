import { PART } from '../../cost/ledger.js';
import { mayMerge } from '../ksm/merge.js';
import { cutsHuge } from '../mapping/hugetlb.js';
import { modifyFlags } from '../mapping/modify.js';
import { VM, VM_SPECIAL, type Vma } from '../state/vma.js';
import type { AdviceAction, StateAction } from './call.js';

/** Advice that only changes flags of the VMA. Too many VMAs is EAGAIN: ENOMEM means a hole. */
function flagChange(options: {
  readonly set?: number;
  readonly clear?: number;
  /** Mappings that refuse the advice. */
  readonly invalid?: (vma: Vma) => boolean;
  /** Mappings that accept the advice and ignore it. */
  readonly ignored?: (vma: Vma) => boolean;
}): StateAction {
  const { set = 0, clear = 0, invalid, ignored } = options;
  return (m, vma, start, end) => {
    if (invalid?.(vma)) return 'EINVAL';
    if (ignored?.(vma)) return 0;
    if (((vma.flags & ~clear) | set) !== vma.flags && cutsHuge(vma, start, end)) return 'EINVAL';
    return modifyFlags(m, vma, start, end, (vma.flags & ~clear) | set) ? 0 : 'EAGAIN';
  };
}

const PATTERNS = VM.random | VM.sequential;

/** MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL: how the mapping will be used. */
export const normal = flagChange({ clear: PATTERNS });
export const random = flagChange({ set: VM.random, clear: PATTERNS });
export const sequential = flagChange({ set: VM.sequential, clear: PATTERNS });

/** MADV_DONTFORK and MADV_DOFORK. */
export const dontFork = flagChange({ set: VM.dontFork });
export const doFork = flagChange({ clear: VM.dontFork, invalid: (vma) => vma.has(VM.pfnMap) });

/** MADV_WIPEONFORK and MADV_KEEPONFORK: private anonymous memory only. */
export const wipeOnFork = flagChange({
  set: VM.wipeOnFork,
  invalid: (vma) => !vma.isAnonymous,
});
export const keepOnFork = flagChange({ clear: VM.wipeOnFork, invalid: (vma) => vma.has(VM.droppable) });

/** MADV_DONTDUMP and MADV_DODUMP. */
export const dontDump = flagChange({ set: VM.dontDump });
export const doDump = flagChange({
  clear: VM.dontDump,
  invalid: (vma) => !vma.has(VM.hugetlb) && vma.has(VM_SPECIAL | VM.droppable),
});

/** MADV_HUGEPAGE and MADV_NOHUGEPAGE: whether faults and khugepaged make huge pages, where the setting leaves it to the program. */
export const hugePage = flagChange({ set: VM.hugePage, clear: VM.noHugePage });
export const noHugePage = flagChange({ set: VM.noHugePage, clear: VM.hugePage });

/** MADV_COLLAPSE: while no huge pages are possible it is accepted without effect, and counted. */
export const collapse: StateAction = (m, vma, start, end) =>
  vma.has(VM.hugetlb) ? 'EINVAL' : (m.huge?.collapse(vma, start, end) ?? 0);

const setMergeable = flagChange({ set: VM.mergeable });
const clearMergeable = flagChange({ clear: VM.mergeable });

/**
 * MADV_MERGEABLE: accepted and ignored where nothing can be merged. A process that cannot be tracked gets EAGAIN, a kernel
 * without KSM returns EINVAL. Source: ksm_madvise in mm/ksm.c.
 */
export const mergeable: AdviceAction = (m, vma, start, end, call) => {
  if (!m.ksm.configured) return 'EINVAL';
  if (vma.has(VM.mergeable) || !mayMerge(vma.flags)) return 0;
  if (!m.ksm.enter(vma.space)) return 'EAGAIN';
  const { space } = vma;
  const errno = setMergeable(m, vma, start, end, call);
  if (errno === 0) m.merger.rangeCame(space.find(start)!, start, end);
  return errno;
};

/** MADV_UNMERGEABLE: what was merged is unmerged at once. */
export const unmergeable: AdviceAction = (m, vma, start, end, call) => {
  if (!m.ksm.configured) return 'EINVAL';
  if (!vma.has(VM.mergeable)) return 0;
  m.ksm.unmerge(vma, start, end, PART.discard);
  return clearMergeable(m, vma, start, end, call);
};
