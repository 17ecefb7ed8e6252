import { grown } from '../../../base/arrays.js';
import type { TrackedLists } from './tracked-lists.js';

/** Fields of a bucket. A free one keeps the next free one in `HIGHER`. */
const FREQUENCY = 0;
/** Its newest page: the one nearest to the head. */
const NEWEST = 1;
const PAGES = 2;
/** The buckets of the next higher and the next lower frequency, -1 for none. */
const HIGHER = 3;
const LOWER = 4;
const FIELDS = 5;

/** Buckets to make room for at the start. */
const INITIAL_BUCKETS = 64;

/**
 * One list of pages in the order of how often they were used, from the tail to the head, and among equals in the order in
 * which they reached their count. Raising a page's count moves it behind the last page of the next count in O(1): pages
 * of one count stand together and belong to a bucket, which knows its newest page and its neighbours. A bucket exists
 * while it has pages, so there are never more buckets than pages.
 */
export class FrequencyBuckets {
  private bucketOf: Int32Array;
  private fields = new Int32Array(FIELDS * INITIAL_BUCKETS);
  /** Buckets ever in use. */
  private made = 0;
  private free = -1;
  /** The bucket of the lowest frequency, -1 when there is none. */
  private lowest = -1;

  constructor(
    private readonly list: number,
    private readonly lists: TrackedLists,
    count: number,
  ) {
    this.bucketOf = new Int32Array(count);
  }

  get bytes(): number {
    return this.bucketOf.byteLength + this.fields.byteLength;
  }

  grow(count: number): void {
    this.bucketOf = grown(this.bucketOf, count);
  }

  /** Adds a page that was used once. */
  add(id: number): void {
    let bucket = this.lowest;
    if (bucket < 0 || this.fields[FIELDS * bucket + FREQUENCY] !== 1) {
      bucket = this.make(1, -1, this.lowest);
      this.lists.addTail(this.list, id);
    } else this.lists.addNewer(this.fields[FIELDS * bucket + NEWEST]!, id);
    this.join(bucket, id);
  }

  /** Counts one more use of a page. */
  raise(id: number): void {
    const { fields, lists } = this;
    const bucket = this.bucketOf[id]!;
    const at = FIELDS * bucket;
    const frequency = fields[at + FREQUENCY]! + 1;
    const higher = fields[at + HIGHER]!;
    const exists = higher >= 0 && fields[FIELDS * higher + FREQUENCY] === frequency;
    if (fields[at + PAGES] === 1 && !exists) {
      fields[at + FREQUENCY] = frequency; // the bucket moves up with its only page
      return;
    }
    // Behind the newest page of the next count; without one, of its own count.
    const behind = fields[FIELDS * (exists ? higher : bucket) + NEWEST]!;
    const next = exists ? higher : this.make(frequency, bucket, higher);
    this.part(bucket, id);
    if (behind !== id) lists.moveNewer(behind, id);
    this.join(next, id);
  }

  /** Takes a page off the list. */
  take(id: number): void {
    this.part(this.bucketOf[id]!, id);
    this.lists.take(this.list, id);
  }

  /** A page that stands next to the newest of a bucket becomes its newest. */
  private join(bucket: number, id: number): void {
    const { fields } = this;
    const at = FIELDS * bucket;
    this.bucketOf[id] = bucket;
    fields[at + NEWEST] = id;
    fields[at + PAGES] = fields[at + PAGES]! + 1;
  }

  /** A page that is still in its place leaves its bucket. */
  private part(bucket: number, id: number): void {
    const { fields } = this;
    const at = FIELDS * bucket;
    const left = fields[at + PAGES]! - 1;
    fields[at + PAGES] = left;
    if (left === 0) this.drop(bucket);
    else if (fields[at + NEWEST] === id) fields[at + NEWEST] = this.lists.older(id);
  }

  private make(frequency: number, lower: number, higher: number): number {
    const bucket = this.allocate();
    const { fields } = this;
    const at = FIELDS * bucket;
    fields[at + FREQUENCY] = frequency;
    fields[at + PAGES] = 0;
    this.tie(lower, bucket);
    this.tie(bucket, higher);
    return bucket;
  }

  private allocate(): number {
    const { free } = this;
    if (free >= 0) {
      this.free = this.fields[FIELDS * free + HIGHER]!;
      return free;
    }
    if (FIELDS * this.made === this.fields.length) this.fields = grown(this.fields, 2 * this.fields.length);
    return this.made++;
  }

  private drop(bucket: number): void {
    const at = FIELDS * bucket;
    this.tie(this.fields[at + LOWER]!, this.fields[at + HIGHER]!);
    this.fields[at + HIGHER] = this.free;
    this.free = bucket;
  }

  /** Makes two buckets neighbours. */
  private tie(lower: number, higher: number): void {
    if (lower >= 0) this.fields[FIELDS * lower + HIGHER] = higher;
    else this.lowest = higher;
    if (higher >= 0) this.fields[FIELDS * higher + LOWER] = lower;
  }
}
