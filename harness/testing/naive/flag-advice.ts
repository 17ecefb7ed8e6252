import type { Flag, NaiveKernel, Space, Vma } from './state.js';
import { changeFlags } from './vmas.js';

/** 0, or the name of the error. */
export type Errno =
  | 0
  | 'EACCES'
  | 'EAGAIN'
  | 'EBADF'
  | 'EEXIST'
  | 'EFAULT'
  | 'EINVAL'
  | 'ENOENT'
  | 'ENOMEM'
  | 'ENOSPC'
  | 'EOPNOTSUPP'
  | 'EPERM';

/** What an advice does to the part of a range in one VMA. */
export type Action = (k: NaiveKernel, space: Space, vma: Vma, start: number, end: number) => Errno;

/** Advice that changes flags; too many VMAs is EAGAIN. `refuses` and `ignores` say which mappings do. */
function flags(
  change: { readonly set?: Flag; readonly clear?: readonly Flag[] },
  refuses?: (vma: Vma) => boolean,
  ignores?: (vma: Vma) => boolean,
): Action {
  const { set, clear = [] } = change;
  return (k, space, vma, start, end) => {
    if (refuses?.(vma)) return 'EINVAL';
    if (ignores?.(vma)) return 0;
    const apply = (own: Set<Flag>): void => {
      for (const flag of clear) own.delete(flag);
      if (set) own.add(set);
    };
    return changeFlags(space, start, end, apply, undefined, k.maxMapCount) ? 0 : 'EAGAIN';
  };
}

const PATTERNS: readonly Flag[] = ['random', 'sequential'];

/** ksm_madvise: what cannot be merged is accepted and left as it is. */
function neverMerged(vma: Vma): boolean {
  return vma.flags.has('shared') || vma.flags.has('droppable');
}

function isDroppable(vma: Vma): boolean {
  return vma.flags.has('droppable');
}

/** Source: madvise_vma_behavior in mm/madvise.c. */
export const FLAG_ADVICE = {
  MADV_NORMAL: flags({ clear: PATTERNS }),
  MADV_RANDOM: flags({ set: 'random', clear: PATTERNS }),
  MADV_SEQUENTIAL: flags({ set: 'sequential', clear: PATTERNS }),
  MADV_DONTFORK: flags({ set: 'dontFork' }),
  MADV_DOFORK: flags({ clear: ['dontFork'] }),
  MADV_WIPEONFORK: flags({ set: 'wipeOnFork' }, (vma) => vma.object !== undefined),
  MADV_KEEPONFORK: flags({ clear: ['wipeOnFork'] }, isDroppable),
  MADV_DONTDUMP: flags({ set: 'dontDump' }),
  MADV_DODUMP: flags({ clear: ['dontDump'] }, isDroppable),
  MADV_HUGEPAGE: flags({ set: 'hugePage', clear: ['noHugePage'] }),
  MADV_NOHUGEPAGE: flags({ set: 'noHugePage', clear: ['hugePage'] }),
  MADV_MERGEABLE: flags({ set: 'mergeable' }, undefined, neverMerged),
  MADV_UNMERGEABLE: flags({ clear: ['mergeable'] }),
} satisfies Record<string, Action>;
