import type { DiscardPolicyInfo, Kernel, PageRange } from '../policy/discard/contract.js';

/** The memory that a trace gives back: pages of its `discard` and `unpin` events, by whether other mappings can share them. */
export interface GivesBack {
  privatePages: number;
  sharedPages: number;
}

/** A discard policy that does nothing, as keep, but look at what it could have given back. */
export class GivenBack {
  readonly pages: GivesBack = { privatePages: 0, sharedPages: 0 };
  /** Whether anything was unpinned. */
  unpins = false;

  /** As a policy of a replay; `keep` is what it does. */
  watching(keep: DiscardPolicyInfo): DiscardPolicyInfo {
    return {
      ...keep,
      create: ({ kernel }) => {
        const look = (range: PageRange) => this.add(kernel, range);
        return {
          discard: look,
          unpin: (range) => {
            this.unpins = true;
            look(range);
          },
          pin() {},
        };
      },
    };
  }

  private add(kernel: Kernel, range: PageRange): void {
    for (const { inode, count } of kernel.lookup(range, false))
      if (inode === undefined) this.pages.privatePages += count;
      else this.pages.sharedPages += count;
  }
}
