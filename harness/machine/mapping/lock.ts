import type { LockCall } from '../../contract/target.js';
import type { LockAllArg } from '../../trace/args.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, VM_LOCKED_MASK, VM_SPECIAL } from '../state/vma.js';
import { CallFailure } from './failure.js';
import { lockEntry } from './fault.js';
import { eachEntry, populate } from './mmap.js';
import { changeFlags, modifyFlags } from './modify.js';

/** What each call makes of the flags of `VM_LOCKED_MASK`. */
const LOCK_FLAGS: Readonly<Record<LockCall, number>> = {
  lock: VM.locked,
  'lock onfault': VM_LOCKED_MASK,
  unlock: 0,
};

/** The flags of a mapping once it is locked so. Droppable memory cannot be locked, special mappings need not be (mlock_fixup). */
function lockedFlags(flags: number, lock: number): number {
  return flags & (VM.droppable | VM_SPECIAL) ? flags : (flags & ~VM_LOCKED_MASK) | lock;
}

/** What is in memory is locked before the rest is faulted in, which may have to reclaim (mlock_vma_pages_range). */
function lockPresent(m: State, space: Space, start: number, end: number): void {
  eachEntry(m, space, start, end, (_, at) => lockEntry(m, at));
}

/**
 * mlock, mlock2 with MLOCK_ONFAULT, and munlock.
 *
 * @throws CallFailure ENOMEM when a part is not mapped: what lies before it is locked, and not populated; also when a page
 * cannot be had (beyond the end of an object, no access): all is locked, and populated up to there (do_mlock)
 */
export function setLocked(m: State, space: Space, page: number, count: number, call: LockCall): void {
  if (count === 0) return;
  const end = page + count;
  const lock = LOCK_FLAGS[call];
  const change = ({ flags }: { readonly flags: number }) => lockedFlags(flags, lock);
  changeFlags(m, space, page, end, call, change, (from, to) => lockPresent(m, space, from, to));
  if (lock !== 0 && !populate(m, space, page, end, false))
    throw new CallFailure(
      'ENOMEM',
      `lock of pages ${page} to ${end - 1} cannot bring all of them in (ENOMEM)`,
    );
}

/**
 * mlockall, and munlockall where `arg` is undefined: each call replaces how mappings to come are locked. Pages that cannot be
 * had are left out. Source: apply_mlockall_flags in mm/mlock.c.
 *
 * @throws CallFailure EINVAL for `onfault` alone
 */
export function lockAll(m: State, space: Space, arg: LockAllArg | undefined): void {
  const { current = true, future = false, onFault = false } = arg ?? {};
  if (!current && !future)
    throw new CallFailure('EINVAL', 'mlockall with onfault alone (EINVAL), expected current or future too');
  const lock = LOCK_FLAGS[onFault ? 'lock onfault' : 'lock'];
  space.futureLock = future ? lock : 0;
  if (!current) return;
  lockMappings(m, space, arg ? lock : 0);
  const first = space.vmas[0];
  if (arg && first) populate(m, space, first.start, space.vmas.at(-1)!.end, true);
}

/** Changes how all mappings are locked; neighbours merge on the way. */
function lockMappings(m: State, space: Space, lock: number): void {
  for (let vma = space.vmas[0]; vma; ) {
    const { start, end, flags } = vma;
    const wanted = lockedFlags(flags, lock);
    if (wanted !== flags && modifyFlags(m, vma, start, end, wanted)) lockPresent(m, space, start, end);
    vma = space.firstFrom(end);
  }
}
