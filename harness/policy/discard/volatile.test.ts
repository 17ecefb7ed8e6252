import { describe, expect, it } from 'vitest';
import type { DiscardPolicy, Kernel, MappedPiece, PageRange, Program } from './contract.js';
import { discardPolicies } from './registry.js';

/** A mapping of the plainest kernel: shared memory of object `inode` from `objectPage` on, or private memory. */
interface Mapping extends PageRange {
  readonly inode?: number;
  readonly objectPage?: number;
}

/** Logs the volatile calls, as `+` or `-` and space:page+count; pages in `purged` (space:page) were purged. */
class LoggingKernel implements Kernel {
  readonly log: string[] = [];
  readonly purged = new Set<string>();
  refuses = false;

  constructor(private readonly mappings: readonly Mapping[]) {}

  setVolatile({ space, page, count }: PageRange, on: boolean) {
    this.log.push(`${on ? '+' : '-'}${space}:${page}+${count}`);
    if (this.refuses) return { errno: 'EINVAL' as const, purged: false };
    let purged = false;
    for (let i = 0; i < count && !on; i++) if (this.purged.delete(`${space}:${page + i}`)) purged = true;
    return { errno: 0 as const, purged };
  }

  lookup({ space, page, count }: PageRange): MappedPiece[] {
    return this.mappings
      .filter((one) => one.space === space && one.page < page + count && page < one.page + one.count)
      .map((one) => {
        const from = Math.max(page, one.page);
        return {
          space,
          page: from,
          count: Math.min(page + count, one.page + one.count) - from,
          object: undefined,
          objectPage: (one.objectPage ?? 0) + from - one.page,
          inode: one.inode,
          descriptor: false,
        };
      });
  }

  madvise(): never {
    throw new Error('not called');
  }
  punch = this.madvise;
  truncate = this.madvise;
}

function setUp(mappings: readonly Mapping[], text = 'volatile') {
  const kernel = new LoggingKernel(mappings);
  const made: string[] = [];
  const program: Program = {
    regenerate: ({ space, page, count }, ns) => void made.push(`${space}:${page}+${count} ${ns}`),
    writeCookies: kernel.madvise,
    firstLost: kernel.madvise,
  };
  const { info, values } = discardPolicies.choose(text);
  const policy = info.create({
    kernel,
    program,
    clock: { nowUs: 0, at() {} },
    values,
  }) as Required<DiscardPolicy>;
  return { kernel, made, policy };
}

const range = (space: number, page: number, count: number): PageRange => ({ space, page, count });
const PRIVATE: readonly Mapping[] = [range(1, 0, 50)];
/** Space 1 maps object 7 at 100, space 2 pages 4 to 12 of it at 0. */
const SHARED: readonly Mapping[] = [
  { ...range(1, 100, 16), inode: 7, objectPage: 0 },
  { ...range(2, 0, 8), inode: 7, objectPage: 4 },
];

describe('volatile: discard and writes', () => {
  it('the first write to any page is preceded by the call for the whole range that was marked', () => {
    const { kernel, policy } = setUp(PRIVATE);
    expect(policy.watchesWrites).toBe(false);
    policy.discard(range(1, 4, 8));
    policy.discard(range(1, 20, 4));
    expect(policy.watchesWrites).toBe(true);
    policy.beforeWrite(range(1, 0, 4)); // next to it
    policy.beforeWrite(range(1, 11, 1)); // its last page
    policy.beforeWrite(range(1, 4, 1)); // ordinary memory by now
    policy.beforeWrite(range(1, 22, 8));
    expect(kernel.log).toEqual(['+1:4+8', '+1:20+4', '-1:4+8', '-1:20+4']);
    expect(policy.watchesWrites).toBe(false);
  });

  it('a purge that is reported then is no loss', () => {
    const { kernel, made, policy } = setUp(PRIVATE);
    policy.discard(range(1, 4, 8));
    kernel.purged.add('1:5');
    policy.beforeWrite(range(1, 4, 8));
    expect(made).toEqual([]);
  });

  it('unpinned memory is not watched', () => {
    const { policy } = setUp(PRIVATE);
    policy.unpin({ ...range(1, 4, 8), regenNs: 100 });
    expect(policy.watchesWrites).toBe(false);
  });

  it('after a refused call nothing is expected of the memory', () => {
    const { kernel, made, policy } = setUp(PRIVATE);
    kernel.refuses = true;
    policy.discard(range(1, 4, 8));
    policy.unpin({ ...range(1, 20, 8), regenNs: 100 });
    policy.pin(range(1, 20, 8), { ...range(1, 20, 8), regenNs: 100 });
    expect(policy.watchesWrites).toBe(false);
    expect([kernel.log, made]).toEqual([['+1:4+8', '+1:20+8'], []]);
  });

  it('VMAs that go on with the same memory are one range', () => {
    const { kernel, policy } = setUp([range(1, 0, 6), range(1, 6, 10)]);
    policy.discard(range(1, 4, 8));
    policy.beforeWrite(range(1, 5, 1));
    expect(kernel.log).toEqual(['+1:4+8', '-1:4+8']);
  });

  it('what is unmapped is forgotten, what is moved or forked is not', () => {
    const { kernel, policy } = setUp([range(1, 0, 50), range(2, 0, 50)]);
    policy.discard(range(1, 0, 8));
    policy.unmapped(range(1, 4, 2)); // 0+4 and 6+2 are left
    policy.moved(range(1, 6, 2), 30);
    policy.forked(1, 2);
    for (const page of [4, 6, 31, 0]) policy.beforeWrite(range(1, page, 1));
    policy.beforeWrite(range(2, 31, 1));
    expect(kernel.log).toEqual(['+1:0+8', '-1:30+2', '-1:0+4', '-2:30+2']);
    policy.unmapped(range(2, 0, 2 ** 45));
    expect(policy.watchesWrites).toBe(false);
  });
});

describe('volatile: memory that spaces share', () => {
  it('a write through another space is preceded by its own call, for what it maps of the range', () => {
    const { kernel, policy } = setUp(SHARED);
    policy.discard(range(1, 102, 6)); // pages 2 to 7 of the object; space 2 maps 4 to 7 of them at 0
    policy.beforeWrite(range(2, 4, 4)); // pages 8 to 11: not discarded
    policy.beforeWrite(range(2, 1, 1));
    expect(kernel.log).toEqual(['+1:102+6', '-2:0+4']);
    // Pages 2 and 3 are still discarded.
    expect(policy.watchesWrites).toBe(true);
    policy.beforeWrite(range(1, 100, 16));
    expect(kernel.log.slice(2)).toEqual(['-1:102+2']);
    expect(policy.watchesWrites).toBe(false);
  });

  it('the last call on the object wins: what one space unpins and another discards is discarded', () => {
    const { kernel, made, policy } = setUp(SHARED);
    policy.unpin({ ...range(1, 100, 8), regenNs: 800 });
    policy.discard(range(2, 0, 2)); // pages 4 and 5
    policy.beforeWrite(range(1, 105, 1));
    kernel.purged.add('1:100');
    policy.pin(range(1, 100, 8), { ...range(1, 100, 8), regenNs: 800 });
    expect(kernel.log).toEqual(['+1:100+8', '+2:0+2', '-1:104+2', '-1:100+4', '-1:106+2']);
    expect(made).toEqual(['1:100+8 800']);
  });

  it('pinned by another space, it costs the share of what that space pins', () => {
    const { kernel, made, policy } = setUp(SHARED);
    policy.unpin({ ...range(1, 100, 8), regenNs: 800 });
    kernel.purged.add('2:0');
    policy.pin(range(2, 0, 8), undefined); // pages 4 to 7 of those unpinned
    expect(made).toEqual(['2:0+8 400']);
  });

  it('marks stay when one space unmaps the object', () => {
    const { kernel, policy } = setUp(SHARED);
    policy.discard(range(1, 104, 2));
    policy.unmapped(range(1, 0, 2 ** 45));
    policy.beforeWrite(range(2, 0, 1));
    expect(kernel.log).toEqual(['+1:104+2', '-2:0+2']);
  });
});

describe('volatile: unpin, pin and SIGBUS', () => {
  const unpinned = { ...range(1, 10, 4), regenNs: 4000 };

  it('regen=range: one call; a reported purge loses the range, none loses nothing', () => {
    const { kernel, made, policy } = setUp(PRIVATE);
    policy.unpin(unpinned);
    policy.pin(unpinned, unpinned);
    policy.unpin(unpinned);
    kernel.purged.add('1:13');
    policy.pin(unpinned, unpinned);
    expect(kernel.log).toEqual(['+1:10+4', '-1:10+4', '+1:10+4', '-1:10+4']);
    expect(made).toEqual(['1:10+4 4000']);
  });

  it('regen=page: a call a page, and only what was purged is made again', () => {
    const { kernel, made, policy } = setUp(PRIVATE, 'volatile:regen=page');
    policy.unpin(unpinned);
    for (const page of ['1:11', '1:12']) kernel.purged.add(page);
    policy.pin(unpinned, unpinned);
    expect(kernel.log.slice(1)).toEqual(['-1:10+1', '-1:11+1', '-1:12+1', '-1:13+1']);
    expect(made).toEqual(['1:11+2 2000']);
  });

  it('a handler of SIGBUS makes the range of the page again; a pin then has nothing to do', () => {
    const { kernel, made, policy } = setUp(PRIVATE);
    policy.unpin(unpinned);
    kernel.purged.add('1:12');
    expect(policy.sigbus(range(1, 12, 1))).toBe(true);
    policy.pin(unpinned, unpinned);
    expect(kernel.log).toEqual(['+1:10+4', '-1:10+4']);
    expect(made).toEqual(['1:10+4 4000']);
  });

  it('with regen=page the handler makes the page again, and the rest stays volatile', () => {
    const { kernel, made, policy } = setUp(PRIVATE, 'volatile:regen=page');
    policy.unpin(unpinned);
    for (const page of ['1:12', '1:13']) kernel.purged.add(page);
    expect(policy.sigbus(range(1, 12, 1))).toBe(true);
    expect([kernel.log, made]).toEqual([['+1:10+4', '-1:12+1'], ['1:12+1 1000']]);
    policy.pin(unpinned, unpinned);
    expect(made.slice(1)).toEqual(['1:13+1 1000']);
  });

  it('the handler of a range that was discarded makes nothing again; elsewhere it can do nothing', () => {
    const { kernel, made, policy } = setUp(PRIVATE);
    policy.discard(range(1, 10, 4));
    kernel.purged.add('1:12');
    expect(policy.sigbus(range(1, 12, 1))).toBe(true);
    expect([kernel.log, made]).toEqual([['+1:10+4', '-1:10+4'], []]);
    expect(policy.sigbus(range(1, 40, 1))).toBe(false);
    expect(policy.sigbus(range(1, 70, 1))).toBe(false);
  });
});
