import { callNs } from '../../cost/table.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { Machine } from '../machine.js';
import type { Era } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { Vma } from '../state/vma.js';

/** A call at work: what decides how it works, and what it has found so far, for its price. */
export interface Call {
  readonly era: Era;
  /** Pages that were there. */
  present: number;
  /** Page table entries, in any space, that were cleared to make a hole. */
  unmapped: number;
  /** hugetlb pages that were freed or unmapped. */
  huge: number;
  /** Huge pages of private memory that were unmapped whole: their pages are not among those that were there. */
  dropped: number;
  /** Whether the memory was a shared mapping. */
  shared: boolean;
}

export function newCall(era: Era = 'now'): Call {
  return { era, present: 0, unmapped: 0, huge: 0, dropped: 0, shared: false };
}

type Action<M extends State> = (m: M, vma: Vma, start: number, end: number, call: Call) => Errno;

/** Applies an advice to pages [start, end) of one VMA; returns the kernel's error, 0 for none. */
export type AdviceAction = Action<Machine>;

/** An advice that changes the state, and nothing of the agents but what their hooks say. */
export type StateAction = Action<State>;

/** What punching a hole costs: the pages, and the entries that mapped them. */
export function punchNs(m: State, call: Call, named: number): number {
  const { punch, unmap_shared } = m.costs.calls;
  const small = callNs(punch, call.present, named - call.present) + callNs(unmap_shared, call.unmapped, 0);
  return small + hugeNs(m, call);
}

/** What it costs more that hugetlb pages were freed or unmapped, and huge pages of private memory whole. */
export function hugeNs({ costs }: State, call: Call): number {
  return call.huge * costs.huge.hugetlb_drop.ns + call.dropped * costs.huge.drop.ns;
}
