import type { ParameterValues } from '../../base/parameters.js';
import type { PolicyInfo } from '../registry.js';

/**
 * How volatile memory goes, and what is found afterwards: one value on each axis, so that policies differ by rows and an
 * experiment can vary one axis at a time.
 */
export interface PurgeRules {
  /**
   * What goes first.
   * - `reclaim`: what ordinary reclaim meets in its own order, used or not. No other order is kept.
   * - `lazyfree`: as `reclaim`, but marking makes pages as MADV_FREE does: they go to the head of the inactive file list,
   *   are spared when they were used, and a write makes them ordinary pages again.
   * - `fifo`: the range that was marked longest ago. Marking a part of it again changes nothing; ranges that overlap become
   *   one, the newest; a range that was purged is not looked at again until it is non-volatile (ashmem).
   * - `lru`: the range that was marked longest ago; pages that are marked again are a new range, the newest.
   * - `oldest`, `youngest`: the range whose contents were made longest ago, or last. They count as made when they were
   *   first marked since they were mapped or purged, and a range is as old as the oldest of them.
   *
   * A range has its place from when it was marked, also when what was purged of it is made again in between.
   */
  readonly order: 'reclaim' | 'lazyfree' | 'fifo' | 'lru' | 'oldest' | 'youngest';
  /** What is purged at a time: a page (of a range by address), or the whole range, what is in swap included. */
  readonly unit: 'page' | 'range';
  /**
   * When ranges go (orders by range; the others are met by ordinary reclaim).
   * - `before`: as long as there is one, before ordinary reclaim looks at any page.
   * - `with`: in proportion, as a shrinker is asked: each search of ordinary reclaim that looked at S of N pages in memory
   *   (32, if at none) asks for 2·S/(N + 1) of the volatile pages. What has not been purged yet stays asked for, up to
   *   twice all of them. When nothing else can go, volatile memory goes without being asked for.
   */
  readonly when: 'before' | 'with';
  /** What an access to purged memory does until it is marked non-volatile: a signal, or zeros. */
  readonly access: 'sigbus' | 'zero';
  /**
   * What NONVOLATILE reports: whether a page of its range was purged; whether one was of any range that it touches, which
   * may lie outside; or nothing.
   */
  readonly report: 'page' | 'range' | 'none';
  /** Whether shared memory can be volatile, with the state in the object; else EINVAL. Files never can. */
  readonly shared: boolean;
  /** Whether ordinary reclaim scans anonymous memory for volatile pages where there is no swap. */
  readonly aging: boolean;
}

/** A purge policy's entry in the registry. */
export interface PurgePolicyInfo extends PolicyInfo {
  /** Its rules under the values of its parameters. */
  rules(values: ParameterValues): PurgeRules;
}
