import type { DiscardPolicyInfo } from './contract.js';

export const keep: DiscardPolicyInfo = {
  name: 'keep',
  summary: 'gives nothing back: unneeded contents are left to reclaim',
  source: 'the base that every saving is measured against',
  parameters: {},
  create: () => ({ discard() {}, unpin() {}, pin() {} }),
};
