import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lab, PAGE } from '../../testing/lab.js';
import { run } from '../../testing/machine.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { timed } from '../../testing/traces.js';
import type { Space } from '../state/space.js';

const H = 512;

function pooled(pages: number, options: ConstructorParameters<typeof Lab>[0] = {}): { lab: Lab; p: Space } {
  const lab = new Lab(options);
  lab.m.set('vm.nr_hugepages', String(pages));
  return { lab, p: lab.spawn() };
}

describe('hugetlb pages', () => {
  it('are in no RSS, charge, list or page table, and take one fault for 2 MiB', () => {
    const { lab, p } = pooled(4, { limit: 8 });
    lab.map(p, 0, 2 * H, 'anon hugetlb');
    lab.write(p, 5, 100, 1);
    expect([p.rss, lab.m.frames.inUse, p.pgfault, lab.m.hugetlb.pages]).toEqual([0, 0, 1, H]);
    expect(lab.m.tables.pages).toBe(1); // the directory
    expect(lab.contents(p, 4, 3)).toEqual([0, 1, 2]);
    lab.unmap(p, 0, 2 * H);
    expect([lab.m.tables.pages, lab.m.hugetlb.pages, lab.m.hugetlb.pool.reserved]).toEqual([0, 0, 0]);
  });

  it('holes below 2 MiB zero what they name and free nothing', () => {
    const { lab, p } = pooled(2);
    const o = lab.object(2 * H, 'hugetlb:o');
    lab.map(p, 0, 2 * H, 'shared:o@0');
    lab.write(p, 0, 2 * H, 1);
    expect(lab.punch(o, PAGE, 2 * PAGE)).toBe(0);
    expect(lab.madvise(p, H + 10, 4, 'MADV_REMOVE')).toBe(0);
    expect(lab.m.hugetlb.pages).toBe(2 * H);
    expect(lab.contents(p, 0, 4)).toEqual([1, 0, 0, 4]);
    expect(lab.contents(p, H + 9, 6)).toEqual([H + 10, 0, 0, 0, 0, H + 15]);
    expect(lab.punch(o, 0, H * PAGE + PAGE)).toBe(0);
    expect(lab.m.hugetlb.pages).toBe(H);
    expect(lab.read(p, H, 2)).toEqual([0, H + 2]);
  });

  it('are copied as a whole when one side of a fork writes, contents and all', () => {
    const { lab, p } = pooled(3);
    lab.map(p, 0, H, 'anon hugetlb');
    lab.write(p, 0, H, 1);
    const child = lab.fork(p);
    lab.write(child, 7, 1, 1000);
    expect([lab.m.counters.cow_breaks, lab.m.hugetlb.pages]).toEqual([1, 2 * H]);
    expect(lab.read(child, 6, 3)).toEqual([7, 1000, 9]);
    expect(lab.read(p, 6, 3)).toEqual([7, 8, 9]);
    lab.exit(p);
    lab.exit(child);
    expect(lab.m.hugetlb.pool).toMatchObject({ inUse: 0, reserved: 0, total: 3 });
  });

  it('a mapping that the pool cannot promise leaves nothing behind', () => {
    const { lab, p } = pooled(1);
    expect(() => lab.map(p, 0, 2 * H, 'anon-shared hugetlb')).toThrow(
      'the pool has 1 hugetlb pages that are free and not reserved, of 1 (ENOMEM)',
    );
    expect([p.vmas.length, lab.m.hugetlb.pool.reserved, [...lab.m.objects.all()].length]).toEqual([0, 0, 1]);
  });

  it('with memory of a size, the pool takes blocks of it, as far as there are any', () => {
    const { lab } = pooled(3, { memory: 4 * H });
    expect([lab.m.hugetlb.pool.total, lab.m.frames.inUse, lab.m.zone!.free]).toEqual([3, 0, H]);
    lab.map(lab.spawn(), 0, 10, 'anon populate');
    lab.m.set('vm.nr_hugepages', '100');
    expect(lab.m.hugetlb.pool.total).toBe(3);
    lab.m.set('vm.nr_hugepages', '0');
    expect([lab.m.hugetlb.pool.total, lab.m.frames.inUse, lab.m.zone!.free]).toEqual([0, 10, 4 * H - 10]);
  });

  it('flags of hugetlb mappings are refused on others', () => {
    const { lab, p } = pooled(1);
    lab.object(4, 'shmem:s');
    expect(() => lab.map(p, 0, 4, 'anon noreserve')).toThrow('noreserve has no effect');
    expect(() => lab.map(p, 0, 4, 'shared:s@0 hugetlb')).toThrow('expected a hugetlb:NAME object');
    expect(() => lab.object(5, 'hugetlb:h')).toThrow('expected a multiple of 512');
  });

  it.each([
    ['dontneed', 0],
    ['free', 2],
    ['remove', 2],
    ['punch', 2],
    ['truncate', 2],
  ])('discard policy %s on private hugetlb memory: pages left in use', async (discard, left) => {
    const events = [
      'set,,,,vm.nr_hugepages=4',
      'spawn,1,,,',
      `map,1,0,${2 * H},anon hugetlb`,
      `write,1,0,${2 * H},`,
    ];
    const { metrics } = await run(timed([...events, `discard,1,0,${2 * H},`]), { discard });
    expect(metrics.hugetlb_pages_end).toBe(left * H);
  });

  it.each([
    ['dontneed', 2, 2],
    ['free', 2, 2],
    ['remove', 1, 2],
    ['punch', 1, 2],
  ])(
    'discard policy %s on shared hugetlb memory, a whole page and half of one',
    async (discard, whole, half) => {
      const events = [
        'set,,,,vm.nr_hugepages=4',
        'spawn,1,,,',
        `object,,,${2 * H},hugetlb:o`,
        `map,1,0,${2 * H},shared:o@0`,
        `write,1,0,${2 * H},`,
      ];
      const pagesAfter = async (count: number) =>
        (await run(timed([...events, `discard,1,0,${count},`]), { discard })).metrics.hugetlb_pages_end;
      expect([await pagesAfter(H), await pagesAfter(H / 2)]).toEqual([whole * H, half * H]);
    },
  );
});

/** Pages of a pool, and of the two mappings of the model: one private, one of an object, 4 pages of 2 MiB each. */
const POOL = 10;
const PARTS = 4;
const SHARED = 64 * H;

/** What the model knows of one process: which parts of its private mapping hold a page, and which page that is. */
type Process = (number | undefined)[];

/** The kernel's rules, written down again without page tables, ids or promises by holder. */
class NaiveHugetlb {
  readonly processes = new Map<number, Process>([[1, Array(PARTS).fill(undefined)]]);
  readonly object: boolean[] = Array(PARTS).fill(false);
  private readonly promised = new Set([0, 1, 2, 3]);
  private readonly promisedShared = new Set([0, 1, 2, 3]);
  private pages = 0;

  get reserved(): number {
    return this.promised.size + this.promisedShared.size;
  }

  get used(): number {
    const own = new Set([...this.processes.values()].flat().filter((page) => page !== undefined));
    return own.size + this.object.filter(Boolean).length;
  }

  private mapped(page: number): number {
    return [...this.processes.values()].flat().filter((other) => other === page).length;
  }

  /** Whether a page may be taken. */
  private take(promises: Set<number> | undefined, part: number): boolean {
    if (promises?.delete(part)) return true;
    return POOL - this.used > this.reserved;
  }

  private own(id: number): Set<number> | undefined {
    return id === 1 ? this.promised : undefined;
  }

  /** False: SIGBUS. */
  access(id: number, part: number, write: boolean): boolean {
    const process = this.processes.get(id)!;
    const page = process[part];
    if (page !== undefined && !(write && this.mapped(page) > 1)) return true;
    if (!this.take(this.own(id), part)) {
      if (page === undefined || id !== 1) return false;
      for (const [other, parts] of this.processes)
        if (other !== 1 && parts[part] === page) parts[part] = undefined;
      return true;
    }
    process[part] = ++this.pages;
    return true;
  }

  accessShared(part: number): boolean {
    if (!this.object[part] && !this.take(this.promisedShared, part)) return false;
    this.object[part] = true;
    return true;
  }

  dontneed(id: number, part: number): void {
    const process = this.processes.get(id)!;
    const page = process[part];
    if (page === undefined) return;
    process[part] = undefined;
    if (id === 1 && this.mapped(page) === 0) this.promised.add(part);
  }

  punch(part: number): void {
    this.object[part] = false;
  }
}

describe('hugetlb pages, against a naive model', () => {
  it('agree on signals, pages in use and promises at random events', () => {
    const step = fc.tuple(
      fc.constantFrom('read', 'write', 'shared', 'dontneed', 'punch', 'half', 'fork', 'exit'),
      fc.nat(3),
      fc.nat(PARTS - 1),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { lab, p } = pooled(POOL);
        const o = lab.object(PARTS * H, 'hugetlb:o');
        lab.map(p, 0, PARTS * H, 'anon hugetlb');
        lab.map(p, SHARED, PARTS * H, 'shared:o@0');
        const naive = new NaiveHugetlb();
        const spaces = new Map([[1, p]]);
        let next = 2;
        for (const [what, who, part] of steps) {
          const id = [...spaces.keys()][who % spaces.size]!;
          const space = spaces.get(id)!;
          const page = part * H + 3;
          if (what === 'read')
            expect(lab.read(space, page, 1)[0] !== 'SIGBUS').toBe(naive.access(id, part, false));
          else if (what === 'write') expect(lab.write(space, page, 1)).toBe(naive.access(id, part, true));
          else if (what === 'shared')
            expect(lab.write(space, SHARED + page, 1)).toBe(naive.accessShared(part));
          else if (what === 'dontneed') {
            lab.madvise(space, part * H, H, 'MADV_DONTNEED');
            naive.dontneed(id, part);
          } else if (what === 'punch') {
            lab.punch(o, part * H * PAGE, H * PAGE);
            naive.punch(part);
          } else if (what === 'half') lab.punch(o, part * H * PAGE, (H / 2) * PAGE);
          else if (what === 'fork' && spaces.size < 4) {
            spaces.set(next, lab.fork(space));
            naive.processes.set(next++, [...naive.processes.get(id)!]);
          } else if (what === 'exit' && id !== 1) {
            lab.exit(space);
            spaces.delete(id);
            naive.processes.delete(id);
          }
          const { inUse, reserved } = lab.m.hugetlb.pool;
          expect({ inUse, reserved }).toEqual({ inUse: naive.used, reserved: naive.reserved });
        }
      }),
      { numRuns: propertyRuns(60) },
    );
  });
});
