import type { ReclaimPolicyInfo } from './contract.js';
import { DrawnPages } from './structures/drawn-pages.js';

/** Any page, with equal chances. */
class Random extends DrawnPages {
  protected choose(): number {
    return this.draw();
  }
}

export const random: ReclaimPolicyInfo = {
  name: 'random',
  summary: 'every page with the same probability: a baseline that a policy has to beat',
  source: 'Belady 1966, "A study of replacement algorithms for a virtual-storage computer"',
  complexity: 'O(1) an operation',
  parameters: {},
  create: (pages, context) => new Random(pages, context.random),
};
