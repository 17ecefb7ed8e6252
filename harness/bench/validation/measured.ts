import type { PatternName } from './patterns.js';

/** The memory cgroup's limit in all measured runs, in pages: 64 MiB. The patterns' sizes are multiples of it. */
export const MEASURED_LIMIT = 16_384;

/** How the kernel was asked for pages. */
export type AccessKind = 'file' | 'anon' | 'pread';
/** Under MADV_RANDOM a mapping's accessed bits count for nothing; a pread knows no such advice. */
export type AccessMode = 'MADV_RANDOM' | 'recency';

/** What a live kernel did with a pattern. */
export interface MeasuredRow {
  readonly mode: AccessMode;
  readonly kind: AccessKind;
  readonly pattern: PatternName;
  /** Pages the kernel held on average: the limit less page tables and what waits in batches. */
  readonly capacity: number;
  /** Accesses that did not find their page, first ones included: mean, least and most of the repetitions. */
  readonly misses: number;
  readonly least: number;
  readonly most: number;
}

function row(
  mode: AccessMode,
  kind: AccessKind,
  pattern: PatternName,
  capacity: number,
  misses: number,
  least: number,
  most: number,
): MeasuredRow {
  return { mode, kind, pattern, capacity, misses, least, most };
}

/** Measured on Linux 6.18; five repetitions a row, two of pread's. See README.md. */
export const MEASURED: readonly MeasuredRow[] = [
  row('MADV_RANDOM', 'file', 'cyclic1.5x', 16227, 122880, 122880, 122880),
  row('MADV_RANDOM', 'file', 'zipf0.8', 16045, 84565, 84416, 84688),
  row('MADV_RANDOM', 'file', 'zipf0.99', 16041, 45442, 45418, 45457),
  row('MADV_RANDOM', 'file', 'uniform2x', 16191, 71183, 71177, 71187),
  row('MADV_RANDOM', 'file', 'hotscan', 16096, 55913, 55913, 55914),
  row('MADV_RANDOM', 'anon', 'cyclic1.5x', 16308, 122878, 122874, 122882),
  row('MADV_RANDOM', 'anon', 'zipf0.8', 16224, 84414, 84395, 84433),
  row('MADV_RANDOM', 'anon', 'zipf0.99', 16221, 45305, 45298, 45314),
  row('MADV_RANDOM', 'anon', 'uniform2x', 16285, 70949, 70942, 70961),
  row('MADV_RANDOM', 'anon', 'hotscan', 16198, 55878, 55874, 55887),
  row('MADV_RANDOM', 'pread', 'cyclic1.5x', 16277, 122868, 122863, 122872),
  row('MADV_RANDOM', 'pread', 'zipf0.8', 16176, 74228, 74212, 74244),
  row('MADV_RANDOM', 'pread', 'uniform2x', 16260, 70858, 70850, 70867),
  row('recency', 'file', 'cyclic1.5x', 16228, 122880, 122880, 122880),
  row('recency', 'file', 'zipf0.8', 16050, 77759, 77608, 78009),
  row('recency', 'file', 'zipf0.99', 16051, 41610, 41599, 41628),
  row('recency', 'file', 'uniform2x', 16193, 71021, 70991, 71053),
  row('recency', 'file', 'hotscan', 16104, 49828, 49815, 49838),
  row('recency', 'anon', 'cyclic1.5x', 16309, 122870, 122851, 122880),
  row('recency', 'anon', 'zipf0.8', 16222, 77304, 76774, 78082),
  row('recency', 'anon', 'zipf0.99', 16217, 41528, 41507, 41552),
  row('recency', 'anon', 'uniform2x', 16284, 70857, 70799, 70896),
];
