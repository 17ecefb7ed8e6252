import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_LIMIT } from '../trace/op.js';
import { Addresses } from './addresses.js';
import { FIRST_SLAB, LAST_SLAB, SLAB_PAGES } from './protocol.js';

describe('addresses of a trace on a live kernel', () => {
  it('keep their place in 1 TiB, and lie where the executor has nothing', () => {
    const range = fc.record({ page: fc.nat(PAGE_LIMIT - 1), count: fc.constant(1) });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 50 }), (ranges) => {
        const addresses = new Addresses();
        for (const { page, count } of ranges) {
          const live = addresses.live(page, count);
          expect(live % SLAB_PAGES).toBe(page % SLAB_PAGES);
          expect(live).toBeGreaterThanOrEqual(FIRST_SLAB * SLAB_PAGES);
          expect(live).toBeLessThan((LAST_SLAB + 1) * SLAB_PAGES);
          expect(addresses.ofTrace(live)).toBe(page);
        }
      }),
    );
  });

  it('of different pages differ', () => {
    const addresses = new Addresses();
    const pages = [0, 1, SLAB_PAGES, 85 * SLAB_PAGES, 2 ** 44];
    expect(new Set(pages.map((page) => addresses.live(page, 1))).size).toBe(pages.length);
  });

  it('across a border of 1 TiB stay whole, where there is room', () => {
    const addresses = new Addresses();
    const live = addresses.live(5 * SLAB_PAGES - 3, 6);
    expect(addresses.live(5 * SLAB_PAGES, 3)).toBe(live + 3);
  });

  it('are refused across a border whose other side has gone elsewhere', () => {
    const addresses = new Addresses();
    addresses.live(5 * SLAB_PAGES, 1);
    expect(() => addresses.live(5 * SLAB_PAGES - 3, 6)).toThrow('lie across a border of 2^28 pages');
  });

  it('of more parts than a process has room for are refused', () => {
    const addresses = new Addresses();
    const fill = () => {
      for (let slab = 0; slab <= 2 * (LAST_SLAB - FIRST_SLAB + 1); slab += 2)
        addresses.live(slab * SLAB_PAGES, 1);
    };
    expect(fill).toThrow('more than 112 parts of 1 TiB');
  });
});
