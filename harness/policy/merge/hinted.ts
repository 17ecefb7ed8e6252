import type { MergePolicyInfo } from './contract.js';
import { KSM_PARAMETERS, ksmRules } from './parameters.js';

/** ksmd with hints from file I/O. */
export const hinted: MergePolicyInfo = {
  name: 'hinted',
  summary:
    'as ksm, but pages that a program filled with contents just read from a file are scanned first, and need not have been seen before',
  source:
    'Miller et al. 2013, "XLH: More Effective Memory Deduplication Scanners Through Cross-layer Hints" (USENIX ATC); Milos et al. 2009, "Satori" (USENIX ATC)',
  parameters: {
    ...KSM_PARAMETERS,
    hints: {
      kind: 'integer',
      default: 4096,
      min: 1,
      max: 2 ** 24,
      meaning:
        'hints that are kept; the newest are taken first, the oldest dropped (a bounded stack, as XLH)',
    },
    hint_share: {
      kind: 'integer',
      default: 50,
      min: 0,
      max: 100,
      meaning: 'how much of a batch may come from hints, in percent',
    },
  },
  rules: (values) => ({
    ...ksmRules(values),
    hints: { capacity: values.hints as number, share: values.hint_share as number },
  }),
};
