import { callNs } from '../../cost/table.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { Machine } from '../machine.js';
import type { Vma } from '../state/vma.js';

/** Which MADV_REMOVE: today's, or that of the patch that introduced it. */
export type Era = 'now' | '2006';

/** A call at work: what decides how it works, and what it has found so far, for its price. */
export interface Call {
  readonly era: Era;
  /** Pages that were there. */
  present: number;
  /** Page table entries, in any space, that were cleared to make a hole. */
  unmapped: number;
  /** Whether the memory was a shared mapping. */
  shared: boolean;
}

export function newCall(era: Era = 'now'): Call {
  return { era, present: 0, unmapped: 0, shared: false };
}

/** Applies an advice to pages [start, end) of one VMA; the error as the kernel gives it. */
export type AdviceAction = (m: Machine, vma: Vma, start: number, end: number, call: Call) => Errno;

/** What punching a hole costs: the pages, and the entries that mapped them. */
export function punchNs(m: Machine, call: Call, named: number): number {
  const { punch, unmap_shared } = m.costs.calls;
  return callNs(punch, call.present, named - call.present) + callNs(unmap_shared, call.unmapped, 0);
}
