import { hugeAt } from '../entries/hugetlb.js';
import { HUGETLB_PAGES } from '../memory/hugetlb-pool.js';
import { must } from '../memory/invariant.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';

/**
 * hugetlb pages: a mapping begins and ends at whole ones, of which all 512 entries are there or none; private pages count their
 * mappings; the pool's pages in use are those of objects and private mappings, its promises those of their holders, and it has as
 * many free pages as it has promised.
 *
 * @throws BrokenInvariant naming the first that does not hold
 */
export function checkHugetlb(m: State): void {
  const { pool, privates } = m.hugetlb;
  const mappings = new Map<number, number>();
  for (const space of m.spaces.values())
    for (const vma of space.vmas) if (vma.has(VM.hugetlb)) checkVma(m, vma, mappings);
  for (const [head, { mappings: counted }] of privates)
    must(
      counted === mappings.get(head),
      () => `hugetlb page ${head} counts ${counted} mappings and has ${mappings.get(head)}`,
    );
  let inObjects = 0;
  for (const object of m.objects.all())
    if (object.kind === 'shared' && object.backing === 'hugetlb') inObjects += object.blocks / HUGETLB_PAGES;
  const used = inObjects + privates.size;
  must(used === pool.inUse, () => `the pool counts ${pool.inUse} hugetlb pages in use and ${used} are`);
  const { promised } = m.hugetlb;
  must(
    promised === pool.reserved,
    () => `the pool counts ${pool.reserved} hugetlb pages as reserved and ${promised} are`,
  );
  must(
    pool.reserved <= pool.free,
    () => `${pool.reserved} hugetlb pages are reserved and ${pool.free} are free`,
  );
}

function checkVma(m: State, vma: Vma, mappings: Map<number, number>): void {
  must(
    vma.start % HUGETLB_PAGES === 0 && vma.end % HUGETLB_PAGES === 0 && vma.objectPage % HUGETLB_PAGES === 0,
    () => `the hugetlb mapping at page ${vma.start} is not one of whole pages`,
  );
  for (let vpn = vma.start; vpn < vma.end; vpn += HUGETLB_PAGES) {
    const at = vma.space.directory.entry(vpn);
    if (at < 0) continue;
    const whole = m.tables.get(at) & PTE.present;
    for (let i = 1; i < HUGETLB_PAGES; i++)
      must(
        (m.tables.get(at + i) & PTE.present) === whole &&
          (whole !== 0 || m.tables.get(at + i) >>> PTE_SHIFT === 0),
        () => `a part of the hugetlb page at ${vpn} is mapped`,
      );
    const head = hugeAt(m, vma, vpn);
    if (head !== 0) mappings.set(head, (mappings.get(head) ?? 0) + 1);
  }
}
