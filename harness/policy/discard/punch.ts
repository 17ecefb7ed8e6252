import { flag, type Parameters } from '../../base/parameters.js';
import type { DiscardContext, DiscardPolicyInfo, Errno, PageRange } from './contract.js';
import { DESTROYING_PARAMETERS, Dropping, droppingOnly } from './dropping.js';
import { callEach } from './pieces.js';

class Punch extends Dropping {
  private readonly looksUp: boolean;

  constructor(context: DiscardContext) {
    super(context);
    this.looksUp = context.values.lookup === 1;
  }

  /** One call a VMA piece: fallocate knows objects and offsets, not addresses. */
  protected drop(range: PageRange): Errno {
    const { kernel } = this.context;
    return callEach(range, kernel.lookup(range, this.looksUp), (piece) => kernel.punch(piece));
  }
}

const parameters: Parameters = {
  lookup: flag(
    0,
    '1: the program must find descriptor and offset of each piece of its range, at a cost; 0: it knows them',
  ),
  ...DESTROYING_PARAMETERS,
};

export const punch: DiscardPolicyInfo = {
  name: 'punch',
  summary:
    'fallocate(PUNCH_HOLE): frees the same as remove, but needs descriptor and offset; EBADF without a descriptor',
  source:
    'shmem_fallocate in mm/shmem.c; the look-up is the argument of the MADV_REMOVE patch against a file call',
  parameters,
  withoutUnpins: droppingOnly('punch', parameters),
  create: (context) => new Punch(context),
};
