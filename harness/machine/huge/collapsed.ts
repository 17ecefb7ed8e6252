/** What became of 512 pages that were to be a huge page (enum scan_result). */
export type Collapsed =
  | 'made'
  | 'huge already'
  /** There is no page table. */
  | 'nothing there'
  /** Too many entries are empty, swapped out or shared, or none was used. */
  | 'not worth it'
  /** No entry may be written (SCAN_PAGE_RO), before Linux 6.18. */
  | 'read-only'
  /** Something is there that cannot be moved: a guard, or what is volatile. */
  | 'special'
  /** A device has pinned a part. */
  | 'pinned'
  /** To make room, reclaim has taken a page. */
  | 'swapped out'
  | 'no frames'
  | 'no charge';

/** What khugepaged asks of a range; the call asks nothing. */
export interface Wanted {
  readonly none: number;
  readonly swap: number;
  readonly shared: number;
  readonly used: boolean;
}
