import type { Pages } from '../../policy/reclaim/contract.js';
import type { State } from '../state/state.js';
import { PageTableAging, type WrittenPages } from './aging.js';
import type { Group } from './cgroup/group.js';

/** What the reclaim policy sees of the machine. */
export class PolicyPages implements Pages {
  readonly tables: PageTableAging;

  /** @param group whose pages it decides about, where there are groups */
  constructor(
    private readonly state: State,
    private readonly reclaim: WrittenPages & { readonly capacity: number },
    private readonly group?: Group,
  ) {
    this.tables = new PageTableAging(state, reclaim);
  }

  get capacity(): number {
    const limits = this.group ? [...this.group.upwards()].map(({ max }) => max) : [];
    return Math.min(this.reclaim.capacity, ...limits);
  }

  get count(): number {
    return this.state.pages.count;
  }

  get resident(): Uint8Array {
    return this.state.pages.resident;
  }

  get traits(): Uint8Array {
    return this.state.pages.traits;
  }

  referenced(id: number): number {
    const { huge, rmap } = this.state;
    const folio = huge === undefined ? undefined : huge.folios.of(id);
    return folio === undefined ? rmap.referenced(id) : huge!.referenced(folio);
  }
}
