import { describe, expect, it } from 'vitest';
import { PART } from '../../cost/ledger.js';
import { callNs, loadCosts } from '../../cost/table.js';
import type { StallPart } from '../../metrics/schema.js';
import { discardPolicies } from '../../policy/discard/registry.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { run } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';
import { checkMachine } from '../check.js';
import type { Machine } from '../machine.js';

const H = 512;
const COSTS = loadCosts();
const START = ['set,,,,thp.enabled=always', 'spawn,1,,,', `map,1,0,${4 * H},anon`];

/** What is counted at the end of events. The invariants are checked there, and after each event unless `check` is false. */
async function played(
  events: readonly string[],
  options: Parameters<typeof run>[1] = {},
): Promise<{ m: Machine; counters: Machine['counters']; rss: number; charged: number; huge: number }> {
  let m: Machine | undefined;
  const lines = [...START, ...events].map((event) => (/^\d+,\D/.test(event) ? event : `0,${event}`));
  const { outcome } = await run(traceOf(`${lines.join('\n')}\n`), {
    ...options,
    completed: (machine) => {
      m = machine;
    },
  });
  expect(outcome).toBe('ok');
  checkMachine(m!);
  const { counters, rss, frames, huge } = m!;
  return { m: m!, counters, rss, charged: frames.inUse, huge: huge!.anonHugePages };
}

describe('a fault', () => {
  it('brings 512 pages at once where the setting and the mapping allow it', async () => {
    const { counters, rss, huge } = await played(['write,1,5,1,', `read,1,${H - 1},1,`]);
    expect([counters.pgfault, counters.thp_fault_alloc, rss, huge]).toEqual([1, 1, H, H]);
  });

  it.each([
    ['is not aligned with its mapping', ['map,1,100000,512,anon', 'write,1,100000,1,']],
    ['asked for pages of 4 KiB', [`madvise,1,0,${H},MADV_NOHUGEPAGE`, 'write,1,5,1,']],
    ['did not ask, where that decides', ['set,,,,thp.enabled=madvise', 'write,1,5,1,']],
    ['may not have huge pages', ['prctl,1,,,thp_disable=1', 'write,1,5,1,']],
    [
      'has a page table',
      ['write,1,5,1,', `madvise,1,6,1,MADV_DONTNEED`, `madvise,1,5,1,MADV_DONTNEED`, 'write,1,5,1,'],
    ],
    ['may vanish', ['map,1,2048,512,anon droppable', 'write,1,2048,1,']],
    ['is volatile', [`madvise,1,0,${H},MADV_VOLATILE`, 'write,1,5,1,']],
  ])('of memory that %s brings one page', async (_, events) => {
    const { huge } = await played(events);
    expect(huge).toBe(0);
  });

  it('of a child is as its parent may have huge pages', async () => {
    const { huge } = await played(['prctl,1,,,thp_disable=1', 'fork,1,,,2', 'write,2,0,1,']);
    expect(huge).toBe(0);
  });

  it('reads one huge page of zeros, which is charged to none and becomes a huge page at a write', async () => {
    const read = await played([`read,1,0,${H},`]);
    expect([read.counters.pgfault, read.counters.thp_zero_page_alloc, read.rss, read.charged]).toEqual([
      1, 1, 0, 0,
    ]);
    const written = await played([`read,1,0,${H},`, 'write,1,7,1,']);
    expect([written.counters.thp_fault_alloc, written.counters.thp_split_pmd, written.rss]).toEqual([
      1,
      0,
      H,
    ]);
    const before = await played(['set,,,,kernel.version=6.12', `read,1,0,${H},`, 'write,1,7,1,']);
    expect([before.counters.thp_split_pmd, before.rss]).toEqual([1, 1]);
  });

  it('falls back where a huge page cannot be charged, and reclaims first where the program asked', async () => {
    const full = ['limit,,,600,', 'map,1,9000,200,anon', 'write,1,9000,200,'];
    const fallen = await played([...full, 'write,1,0,1,'], { swap: 'zram' });
    expect([
      fallen.counters.thp_fault_fallback,
      fallen.counters.thp_fault_fallback_charge,
      fallen.huge,
    ]).toEqual([1, 1, 0]);
    const asked = await played([...full, `madvise,1,0,${H},MADV_HUGEPAGE`, 'write,1,0,1,'], { swap: 'zram' });
    expect([asked.counters.thp_fault_fallback, asked.huge]).toEqual([0, H]);
  });

  it('falls back where no block is free: memory is in single pages', async () => {
    const single = Array.from({ length: 6 * H }, (_, i) => `write,1,${20_000 + i},1,`);
    const dropped = Array.from({ length: 3 * H }, (_, i) => `madvise,1,${20_000 + 2 * i},1,MADV_DONTNEED`);
    const events = [
      `map,1,20000,${6 * H},anon`,
      `madvise,1,20000,${6 * H},MADV_NOHUGEPAGE`,
      ...single,
      ...dropped,
    ];
    const { counters, huge } = await played([...events, 'write,1,0,1,'], {
      memory: 6 * H + 300,
      check: false,
    });
    expect([counters.thp_fault_fallback, counters.thp_fault_fallback_charge, huge]).toEqual([1, 0, 0]);
  });
});

describe('a huge page', () => {
  it('stays one when it is moved to an aligned address, and is split when it is not', async () => {
    const aligned = await played([`write,1,0,${H},`, `remap,1,0,${H},to=${8 * H}`]);
    expect([aligned.counters.thp_split_pmd, aligned.huge, aligned.rss]).toEqual([0, H, H]);
    const shifted = await played([`write,1,0,${H},`, `remap,1,0,${H},to=${8 * H + 1}`]);
    expect([shifted.counters.thp_split_pmd, shifted.huge, shifted.rss]).toEqual([1, 0, H]);
  });

  it.each([
    ['protect,1,100,5,ro', 0],
    ['madvise,1,100,5,MADV_DONTFORK', 0],
    ['lock,1,100,5,', 0],
    ['unmap,1,100,5,', 5],
    ['madvise,1,100,5,MADV_GUARD_INSTALL', 5],
  ])('of which a part changes by %s is mapped by a page table, and keeps its frames', async (call, lost) => {
    const { counters, rss, charged, huge } = await played([`write,1,0,${H},`, call]);
    expect([counters.thp_split_pmd, counters.thp_split_page, huge, rss, charged]).toEqual([
      1,
      0,
      0,
      H - lost,
      H,
    ]);
    expect(counters.thp_deferred_split_page).toBe(lost > 0 ? 1 : 0);
  });

  it('is split where a part becomes volatile', async () => {
    const { counters, rss } = await played([`write,1,0,${H},`, 'madvise,1,100,5,MADV_VOLATILE']);
    expect([counters.thp_split_page, rss]).toEqual([1, H]);
  });

  it('becomes the shared page of zeros where it was not written, when it is split', async () => {
    const { rss, charged } = await played(['write,1,0,3,', 'madvise,1,0,1,MADV_COLD']);
    expect([rss, charged]).toEqual([3, 3]);
    const before = await played(['set,,,,kernel.version=6.6', 'write,1,0,3,', 'madvise,1,0,1,MADV_COLD']);
    expect([before.rss, before.charged]).toEqual([H, H]);
  });

  it('that is mostly zeros is split where memory is short and khugepaged would not fill it', async () => {
    const events = ['set,,,,khugepaged.max_ptes_none=64', 'write,1,0,3,', 'map,1,9000,600,anon'];
    const small = `madvise,1,9000,600,MADV_NOHUGEPAGE`;
    const { counters, charged } = await played([...events, small, 'limit,,,520,', 'write,1,9000,100,']);
    expect([counters.thp_underused_split_page, charged]).toEqual([1, 103]);
  });

  it('goes to swap as one, and comes back in pages', async () => {
    const { counters, huge } = await played(
      [`write,1,0,${H},`, `madvise,1,0,${H},MADV_PAGEOUT`, `read,1,0,${H},`],
      { swap: 'ssd' },
    );
    expect([counters.thp_swpout, counters.pswpout, huge]).toEqual([1, H, 0]);
  });

  it('is collapsed from pages that a fork shares, and not from volatile ones', async () => {
    const pages = [`madvise,1,0,${H},MADV_NOHUGEPAGE`, `write,1,0,${H},`, `madvise,1,0,${H},MADV_HUGEPAGE`];
    const collapse = `madvise,1,0,${H},MADV_COLLAPSE`;
    const shared = await played([...pages, 'fork,1,,,2', collapse]);
    expect([shared.counters.thp_collapse_alloc, shared.rss, shared.charged]).toEqual([1, 2 * H, 2 * H]);
    const volatile = await played([...pages, 'madvise,1,9,1,MADV_VOLATILE', collapse]);
    expect(volatile.counters.thp_collapse_alloc).toBe(0);
  });
});

describe('khugepaged', () => {
  const pages = [
    `madvise,1,0,${H},MADV_NOHUGEPAGE`,
    `write,1,0,${H},`,
    'set,,,,khugepaged.scan_sleep_millisecs=10',
    `madvise,1,0,${H},MADV_HUGEPAGE`,
  ];
  const later = ['20000,mark,,,,later'];

  it('charges to the cgroup of the process', async () => {
    const { m, counters } = await played(['cgroup,1,,,g', ...pages, ...later]);
    expect([counters.thp_collapse_alloc, m.reclaim.cgroups!.named('g').usage]).toEqual([1, H]);
  });

  it('gathers pages', async () => {
    const { counters, huge } = await played([...pages, ...later]);
    expect([counters.thp_collapse_alloc, huge]).toEqual([1, H]);
  });

  it.each([
    ['empty', ['set,,,,khugepaged.max_ptes_none=9', 'madvise,1,0,10,MADV_DONTNEED']],
    ['swapped out', ['set,,,,khugepaged.max_ptes_swap=9', 'madvise,1,0,10,MADV_PAGEOUT']],
    ['shared', ['set,,,,khugepaged.max_ptes_shared=9', 'fork,1,,,2']],
  ])('leaves those alone of which too many are %s', async (_, events) => {
    const { counters } = await played([...pages, ...events, ...later], { swap: 'zram' });
    expect(counters.thp_collapse_alloc).toBe(0);
  });
});

describe('every policy', () => {
  it.each(discardPolicies.all().map(({ name }) => name))('discards huge memory: %s', async (discard) => {
    const events = [
      `write,1,0,${4 * H},`,
      `unpin,1,0,${H},regen_ns=9`,
      `unpin,1,${H},100,`,
      `pin,1,0,${H},`,
      `discard,1,${2 * H},${H},`,
      `discard,1,${3 * H + 9},9,`,
      `write,1,0,${4 * H},`,
    ];
    const { counters } = await played(events, { discard, swap: 'zram', limit: 3 * H, check: false });
    expect(counters.thp_fault_alloc).toBeGreaterThan(0);
  });

  it.each(
    reclaimPolicies
      .all()
      .filter(({ unbounded, needsFuture }) => !unbounded && !needsFuture)
      .map(({ name }) => name),
  )('reclaims huge memory: %s', async (reclaim) => {
    const rounds = Array.from({ length: 3 }, () => [
      `write,1,0,${2 * H},`,
      `read,1,${2 * H},${H},`,
      `write,1,${3 * H},9,`,
    ]);
    const { counters, charged } = await played([`madvise,1,0,${4 * H},MADV_HUGEPAGE`, ...rounds.flat()], {
      reclaim,
      swap: 'zram',
      limit: 2 * H + 50,
      check: false,
    });
    expect(charged).toBeLessThanOrEqual(2 * H + 50);
    expect(counters.thp_swpout).toBeGreaterThan(0);
    expect(counters.pgsteal_direct).toBe(counters.pswpout);
  });
});

describe('a split is paid where it happens:', () => {
  const { huge, calls, faults } = COSTS;
  const written = `write,1,0,${2 * H},`;

  /** What the stall parts of the last events are beyond those before them. */
  async function paid(events: readonly string[], options: Parameters<typeof run>[1] = {}) {
    const [all, before] = [await played([written, ...events], options), await played([written], options)];
    return (part: StallPart) =>
      all.m.space(1)!.account.stallNs[PART[part]]! - before.m.space(1)!.account.stallNs[PART[part]]!;
  }

  it('DONTNEED of a part pays the split of the mapping, of the whole what a huge page costs to drop', async () => {
    const part = await paid([`madvise,1,0,1,MADV_DONTNEED`]);
    expect(part('discard')).toBeCloseTo(callNs(calls.dontneed_anon, 1, 0) + huge.split_pmd.ns);
    const whole = await paid([`madvise,1,0,${H},MADV_DONTNEED`]);
    expect(whole('discard')).toBeCloseTo(huge.drop.ns);
    const both = await paid([`madvise,1,0,${H + 3},MADV_DONTNEED`]);
    expect(both('discard')).toBeCloseTo(huge.drop.ns + callNs(calls.dontneed_anon, 3, 0) + huge.split_pmd.ns);
  });

  it('FREE of a part pays both splits, and once', async () => {
    const first = await paid([`madvise,1,0,1,MADV_FREE`]);
    const splits = huge.split_pmd.ns + huge.split_folio.ns;
    expect(first('discard')).toBeCloseTo(callNs(calls.free, 1, 0) + splits);
    const twice = await paid([`madvise,1,0,1,MADV_FREE`, `madvise,1,1,1,MADV_FREE`]);
    expect(twice('discard')).toBeCloseTo(2 * callNs(calls.free, 1, 0) + splits);
  });

  it('a call that has no other price, and a copy on write', async () => {
    expect((await paid(['protect,1,5,1,ro']))('discard')).toBeCloseTo(huge.split_pmd.ns);
    const copied = await paid(['fork,1,,,2', 'write,1,0,1,']);
    expect(copied('cow')).toBeCloseTo(huge.split_pmd.ns + faults.cow_copy.ns);
    expect(copied('discard')).toBe(0);
  });

  it('reclaim pays for what it splits', async () => {
    const dropped = [`madvise,1,0,${H / 2},MADV_DONTNEED`];
    const freed = await paid([...dropped, `limit,,,${2 * H},`, 'map,1,9000,9,anon', 'write,1,9000,1,']);
    expect(freed('reclaim')).toBeGreaterThanOrEqual(huge.split_folio.ns);
    expect((await paid(dropped))('reclaim')).toBe(0);
  });
});
