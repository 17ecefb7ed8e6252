import { type CostTable, loadCosts } from '../cost/table.js';
import { csvLines } from './conformance.js';

const { rows } = csvLines('cgroup_prices.csv');

/** Prices of a kernel in its virtual machine, in ns: of a page scanned, and of a page written to zram. */
export interface ReclaimPrices {
  readonly scan: number;
  readonly zramOut: number;
}

/**
 * The prices of a measured kernel: from two writes to memory.reclaim, one of memory that was used, so that all of it was scanned
 * once more than what was reclaimed, and one when no accessed bit was left.
 */
export function reclaimPrices(kernel: string): ReclaimPrices {
  const [used, unused] = rows
    .map((line) => line.split(','))
    .filter(([name]) => name === kernel)
    .map(([, , reclaimed, scanned, us]) => ({
      reclaimed: Number(reclaimed),
      more: Number(scanned) - Number(reclaimed),
      ns: Number(us) * 1000,
    }));
  const page = unused!.ns / unused!.reclaimed;
  const scan = (used!.ns - used!.reclaimed * page) / used!.more;
  return { scan, zramOut: page - scan };
}

/** The shipped cost table with these prices. */
export function costsOf({ scan, zramOut }: ReclaimPrices): CostTable {
  const costs = loadCosts();
  const { reclaim } = costs;
  const priced = { scan: { ...reclaim.scan, ns: scan }, zram_out: { ...reclaim.zram_out, ns: zramOut } };
  return { ...costs, reclaim: { ...reclaim, ...priced } };
}
