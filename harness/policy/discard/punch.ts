import { flag } from '../../input/parameters.js';
import type { DiscardPolicyInfo, Errno, PageRange } from './contract.js';
import { DROPPING_PARAMETERS, Dropping } from './dropping.js';

class Punch extends Dropping {
  /** One call a VMA piece: fallocate knows objects and offsets, not addresses. */
  protected drop(range: PageRange): Errno {
    const { kernel, values } = this.context;
    const pieces = kernel.lookup(range, values.lookup === 1);
    let first: Errno = pieces.reduce((sum, piece) => sum + piece.count, 0) < range.count ? 'ENOMEM' : 0;
    for (const piece of pieces) {
      const errno = kernel.punch(piece);
      if (errno !== 0 && (first === 0 || first === 'ENOMEM')) first = errno;
    }
    return first;
  }
}

export const punch: DiscardPolicyInfo = {
  name: 'punch',
  summary:
    'fallocate(PUNCH_HOLE): frees the same as remove, but needs descriptor and offset; EBADF without a descriptor',
  source:
    'shmem_fallocate in mm/shmem.c; the look-up is the argument of the MADV_REMOVE patch against a file call',
  parameters: {
    lookup: flag(
      0,
      '1: the program must find descriptor and offset of each piece of its range, at a cost; 0: it knows them',
    ),
    ...DROPPING_PARAMETERS,
  },
  create: (context) => new Punch(context),
};
