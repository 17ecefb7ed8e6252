import type { HintRules } from '../../policy/merge/contract.js';
import type { Space } from '../state/space.js';
import { VM } from '../state/vma.js';

/**
 * Pages that probably have an equal somewhere: a program filled them with contents that came from a file, by pread or a
 * mapping, as a guest does that reads its disk. A bounded stack: the newest hint is taken first, the oldest goes.
 * After XLH (Miller et al. 2013).
 */
export class Hints {
  private readonly spaces: (Space | undefined)[];
  private readonly vpns: Float64Array;
  private top = 0;
  private count = 0;
  /** Contents that were read from files. */
  private readonly fromFiles = new Set<number>();

  constructor(private readonly rules: HintRules) {
    this.spaces = new Array(rules.capacity);
    this.vpns = new Float64Array(rules.capacity);
  }

  /** How many pages of a batch may come from hints. */
  shareOf(batch: number): number {
    return Math.floor((batch * this.rules.share) / 100);
  }

  /** Contents of a file have been read. */
  read(content: number): void {
    this.fromFiles.add(content);
  }

  /** A program has written contents: page `first + i` got `content + i * step`. A negative count goes downwards. */
  written(space: Space, first: number, count: number, content: number, step: 0 | 1): void {
    if (this.fromFiles.size === 0) return;
    const direction = count < 0 ? -1 : 1;
    for (let i = 0; i < Math.abs(count); i++) {
      if (!this.fromFiles.has(content + i * step)) continue;
      const vpn = first + i * direction;
      if (space.find(vpn)?.has(VM.mergeable)) this.push(space, vpn);
    }
  }

  private push(space: Space, vpn: number): void {
    this.spaces[this.top] = space;
    this.vpns[this.top] = vpn;
    this.top = (this.top + 1) % this.rules.capacity;
    this.count = Math.min(this.count + 1, this.rules.capacity);
  }

  /** Takes the newest hint; undefined when there is none. */
  pop(): { readonly space: Space; readonly vpn: number } | undefined {
    if (this.count === 0) return undefined;
    this.count--;
    this.top = (this.top + this.rules.capacity - 1) % this.rules.capacity;
    return { space: this.spaces[this.top]!, vpn: this.vpns[this.top]! };
  }
}
