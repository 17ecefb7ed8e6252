import { VM, VM_SPECIAL } from '../state/vma.js';

/**
 * Whether KSM may merge pages of a mapping with these flags. A shared mapping counts whether it may write or not.
 * Source: vma_ksm_compatible in mm/ksm.c.
 */
export function mayMerge(flags: number): boolean {
  return (flags & (VM.shared | VM_SPECIAL | VM.droppable)) === 0;
}
