import type { DiscardContext, DiscardPolicyInfo, Errno, PageRange } from './contract.js';
import { DESTROYING_PARAMETERS, Dropping } from './dropping.js';
import { callEach, joined } from './pieces.js';

class Truncate extends Dropping {
  constructor(context: DiscardContext) {
    super(context, context.values.eager !== 0);
  }

  protected drop(range: PageRange): Errno {
    const { kernel } = this.context;
    return callEach(range, joined(kernel.lookup(range, false)), (piece) => kernel.truncate(piece));
  }
}

const { eager: _always, ...parameters } = DESTROYING_PARAMETERS;

export const truncate: DiscardPolicyInfo = {
  name: 'truncate',
  summary:
    'ftruncate to where the range begins and back to the old size, at discard and at unpin; EINVAL where the range does not reach the end of its object',
  source:
    'shmem_setattr in mm/shmem.c; how tmpfs memory was given back before MADV_REMOVE and PUNCH_HOLE: from the end only',
  parameters,
  create: (context) => new Truncate(context),
};
