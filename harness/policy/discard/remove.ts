import type { Parameters } from '../../base/parameters.js';
import type { DiscardContext, DiscardPolicyInfo, Errno, PageRange } from './contract.js';
import { DESTROYING_PARAMETERS, Dropping, droppingOnly } from './dropping.js';

class Remove extends Dropping {
  private readonly asPosted: boolean;

  constructor(context: DiscardContext) {
    super(context);
    this.asPosted = context.values.era === '2006';
  }

  protected drop(range: PageRange): Errno {
    const { kernel } = this.context;
    return this.asPosted
      ? kernel.madvise(range, 'MADV_REMOVE', '2006')
      : kernel.madvise(range, 'MADV_REMOVE');
  }
}

const parameters: Parameters = {
  era: {
    kind: 'choice',
    default: 'now',
    choices: ['now', '2006'],
    meaning:
      '2006: the call as first posted: no check that the mapping is writable, ENOSYS except on shared memory, private copies are dropped too',
  },
  ...DESTROYING_PARAMETERS,
};

export const remove: DiscardPolicyInfo = {
  name: 'remove',
  summary:
    'madvise(MADV_REMOVE): frees pages and backing store of shared memory by address; EINVAL on private memory',
  source:
    'Pulavarty 2006, "madvise(MADV_REMOVE): remove pages from tmpfs shm backing store"; madvise_remove in mm/madvise.c',
  parameters,
  withoutUnpins: droppingOnly('remove', parameters),
  create: (context) => new Remove(context),
};
