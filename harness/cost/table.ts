import { z } from 'zod';
import { InputError } from '../base/errors.js';
import { parseJson } from '../base/json.js';
import { packageFile } from '../base/package-root.js';
import { printableTexts } from '../base/printable.js';
import { MOST_HANDWRITTEN_BYTES, readText } from '../base/text.js';
import { completeRows } from './complete.js';

/** The longest time that a row may say, in ns: a quarter of an hour. */
const MAX_NS = 1e12;
const ns = z.number().nonnegative().max(MAX_NS);

/** Each knot lies beyond the one before it: what is linear in between has one value everywhere. */
function rising(knots: readonly (readonly [number, number])[]): boolean {
  return knots.every(([at], i) => i === 0 || at > knots[i - 1]![0]);
}

const price = z.strictObject({ ns, source: z.string() });
/** Measured points [pages, ns of the call], by rising pages. */
const points = z
  .array(z.tuple([z.number().positive(), ns]))
  .min(2)
  .refine(rising, 'expected points by rising pages, each number of pages once');
const call = z.strictObject({ present: points, absent: points, source: z.string() });
/** Quantiles [share, ns] of latencies. */
const quantiles = z
  .array(z.tuple([z.number().min(0).max(1), z.number().positive().max(MAX_NS)]))
  .min(2)
  .refine(([first]) => first?.[0] === 0, 'expected the quantile 0, the least latency, first')
  .refine(rising, 'expected rising quantiles, each once')
  .refine(
    (knots) => knots.every(([, value], i) => i === 0 || value >= knots[i - 1]![1]),
    'expected latencies that do not fall from one quantile to the next',
  );
const device = z
  .strictObject({ quantiles, mean: z.number().positive().max(MAX_NS), source: z.string() })
  .refine((one) => one.mean >= leastMean(one), {
    path: ['mean'],
    message: 'less than any distribution with these quantiles has',
  });

/** The least mean of latencies with these quantiles: each as short as its quantiles let it be. */
function leastMean({ quantiles: knots }: { quantiles: readonly (readonly [number, number])[] }): number {
  return knots.reduce((sum, [at, value], i) => sum + ((knots[i + 1]?.[0] ?? 1) - at) * value, 0);
}

const costTable = z.strictObject({
  name: z.string(),
  provenance: z.string(),
  touch: price,
  faults: z.strictObject({
    anon_write: price,
    anon_read: price,
    shmem_write: price,
    shmem_read: price,
    file_write: price,
    cached: price,
    around: price,
    cow_zero: price,
    cow_copy: price,
    cow_reuse: price,
    cow_ksm: price,
    major_cpu: price,
  }),
  calls: z.strictObject({
    dontneed_anon: call,
    dontneed_shared: call,
    free: call,
    punch: call,
    cold: call,
    pageout: call,
    willneed: call,
    volatile: call,
    nonvolatile: call,
    volatile_tree: call,
    unmap_shared: call,
    fadvise: call,
    guard_install: call,
    guard_remove: call,
    pin: call,
    unpin: call,
  }),
  /** Pages of 2 MiB: transparent ones, and hugetlb. */
  huge: z.strictObject({
    fault: price,
    read: price,
    split_pmd: price,
    split_folio: price,
    drop: price,
    collapse: call,
    hugetlb_fault: price,
    hugetlb_copy: price,
    hugetlb_drop: price,
  }),
  remove_extra: price,
  flag_change: price,
  file_io: z.strictObject({ page: price }),
  read_ahead: z.strictObject({ page_cpu: price, device_page: price }),
  fd_lookup: price,
  tlb_shootdown: z.strictObject({ first: price, further: price }),
  reclaim: z.strictObject({
    scan: price,
    swap_out: price,
    write_back: price,
    zram_out: price,
    purge: price,
    drop: price,
  }),
  ksm: z.strictObject({
    visit: price,
    checksum: price,
    compare: price,
    tree_page: price,
    merge: price,
  }),
  signals: z.strictObject({ sigbus: price }),
  devices: z.strictObject({ ssd: device, zram: device, disk: device }),
});

/**
 * What faults, calls, scans and devices cost, in ns. A call's cost depends on the pages it finds: measured points,
 * linear in between (a base and a price a page for each class of sizes).
 */
export type CostTable = z.infer<typeof costTable>;
export type CallCost = z.infer<typeof call>;
export type DeviceCost = z.infer<typeof device>;

/** The default table: Linux 6.18, see its `provenance`. */
const DEFAULT_COSTS_FILE = packageFile('harness', 'cost', 'default.json');

/** A cost table of a user, completed with the default. */
export interface LoadedCosts {
  readonly costs: CostTable;
  /** The rows that the file lacks and the default table has, such as `faults.cow_ksm`. */
  readonly fromDefault: readonly string[];
}

/** Checks that rows are a whole cost table. @throws InputError with the first row that is not */
export function parseCosts(rows: unknown, file: string): CostTable {
  const parsed = costTable.safeParse(rows);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new InputError(`${issue.path.join('.') || 'the table'}: ${issue.message}`, { file });
}

/**
 * Reads the cost table of a user, over the default one: rows that it lacks are taken from there.
 *
 * @param path undefined: the default table
 * @throws InputError when the file is missing, or a row is not known or not a price
 */
export function readCosts(path: string | undefined): LoadedCosts {
  const standard = parseCosts(
    parseJson(readText(DEFAULT_COSTS_FILE), DEFAULT_COSTS_FILE),
    DEFAULT_COSTS_FILE,
  );
  if (path === undefined) return { costs: standard, fromDefault: [] };
  const given = printableTexts(parseJson(readText(path, MOST_HANDWRITTEN_BYTES), path));
  try {
    const { rows, fromDefault } = completeRows(given, standard);
    return { costs: parseCosts(rows, path), fromDefault };
  } catch (error) {
    throw error instanceof InputError ? error.at({ file: path }) : error;
  }
}

/** The table of `readCosts` alone. */
export function loadCosts(path?: string): CostTable {
  return readCosts(path).costs;
}

/** What a command prints about rows that a table lacks; undefined when it lacks none. */
export function costsNote(file: string, fromDefault: readonly string[]): string | undefined {
  if (fromDefault.length === 0) return undefined;
  return `${file}: not in this cost table and taken from the default: ${fromDefault.join(', ')}`;
}

/** Linear between measured points; below the first and beyond the last, the slope of the nearest two. */
function interpolate(points: readonly (readonly [number, number])[], pages: number): number {
  let i = 1;
  while (i < points.length - 1 && pages > points[i]![0]) i++;
  const [x0, y0] = points[i - 1]!;
  const [x1, y1] = points[i]!;
  return Math.max(0, y0 + ((pages - x0) * (y1 - y0)) / (x1 - x0));
}

/** What a call costs, in ns, that found `present` pages and named `absent` others. */
export function callNs(cost: CallCost, present: number, absent: number): number {
  if (present === 0) return absent === 0 ? 0 : interpolate(cost.absent, absent);
  const atOne = (cost.absent[0] as readonly [number, number])[1];
  const perAbsent = absent === 0 ? 0 : Math.max(0, interpolate(cost.absent, absent) - atOne);
  return interpolate(cost.present, present) + perAbsent;
}
