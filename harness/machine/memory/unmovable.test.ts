import { expect, it } from 'vitest';
import { Lab } from '../../testing/lab.js';

const H = 512;
const BLOCKS = 64;

/** Huge pages that faults find in a memory of 64 blocks, and faults that fall back, with this share of blocks fragmented, in percent. */
function faults(percent: number): { huge: number; fallback: number } {
  const lab = new Lab({ memory: BLOCKS * H });
  lab.m.set('mm.unmovable_percent', String(percent));
  lab.m.set('thp.enabled', 'always');
  const p = lab.spawn();
  lab.map(p, 0, 16 * H, 'anon');
  for (let i = 0; i < 16; i++) lab.write(p, i * H, 1);
  const { thp_fault_alloc: huge, thp_fault_fallback: fallback } = lab.m.counters;
  return { huge, fallback };
}

it('huge faults fall back where all blocks have a page that cannot move', () => {
  expect(faults(0)).toEqual({ huge: 16, fallback: 0 });
  expect(faults(100)).toEqual({ huge: 0, fallback: 16 });
});

it('the pool of hugetlb pages gets the blocks that have none, and all of them once the share is 0', () => {
  const lab = new Lab({ memory: BLOCKS * H });
  lab.m.set('mm.unmovable_percent', '75');
  expect(lab.m.frames.inUse).toBe(0);
  lab.m.set('vm.nr_hugepages', '1000');
  expect(lab.m.hugetlb.pool.total).toBe(BLOCKS / 4);
  lab.m.set('vm.nr_hugepages', '0');
  lab.m.set('mm.unmovable_percent', '0');
  expect(lab.m.zone!.free).toBe(BLOCKS * H);
  lab.spawn();
});

it('needs memory of a size', () => {
  expect(() => new Lab().m.set('mm.unmovable_percent', '10')).toThrow('expected --memory');
});
