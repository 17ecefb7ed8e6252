import { changeFlags } from '../mapping/mmap.js';
import { VM } from '../mapping/vma.js';
import type { AdviceAction } from './call.js';

/** MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL: only flags of the VMA change. */
export function accessPattern(pattern: 'normal' | 'random' | 'sequential'): AdviceAction {
  const set = pattern === 'random' ? VM.random : pattern === 'sequential' ? VM.sequential : 0;
  return (m, vma, start, end) => {
    const { space } = vma;
    changeFlags(space, start, end, (flags) => (flags & ~(VM.random | VM.sequential)) | set);
    space.mergeAround(start, end);
    m.countVmas(space);
    return 0;
  };
}
