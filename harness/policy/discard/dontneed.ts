import type { DiscardPolicyInfo, Errno, PageRange } from './contract.js';
import { DROPPING_PARAMETERS, Dropping, droppingOnly } from './dropping.js';

class DontNeed extends Dropping {
  protected drop(range: PageRange): Errno {
    return this.context.kernel.madvise(range, 'MADV_DONTNEED');
  }
}

export const dontneed: DiscardPolicyInfo = {
  name: 'dontneed',
  summary:
    'madvise(MADV_DONTNEED): frees private anonymous pages; on shared memory it only unmaps, the object stays',
  source: 'madvise_dontneed_free in mm/madvise.c',
  parameters: DROPPING_PARAMETERS,
  withoutUnpins: droppingOnly('dontneed', DROPPING_PARAMETERS),
  create: (context) => new DontNeed(context),
};
