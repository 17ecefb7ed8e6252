import type { ReclaimPolicy } from '../../policy/reclaim/contract.js';
import { PAGE_FLAG } from '../memory/pages.js';
import type { State } from '../state/state.js';

/**
 * Victims that cannot go since swap is full. A policy that chooses by anything else than an order would choose them again and
 * again, so that they are kept from it until the search is over.
 */
export class Placeless {
  /** Whether the search goes on after the victims at hand. */
  holds = false;
  private readonly kept: number[] = [];

  constructor(private readonly state: State) {}

  add(page: number): void {
    this.kept.push(page);
  }

  /** The search is over: the policy gets them back, except those that have gone with a volatile range meanwhile. */
  putBack(policy: ReclaimPolicy): void {
    this.holds = false;
    if (this.kept.length === 0) return;
    const { resident, traits } = this.state.pages;
    for (const page of this.kept)
      if (resident[page] === 1 && (traits[page]! & PAGE_FLAG.unevictable) === 0) policy.reject(page);
    this.kept.length = 0;
  }
}
