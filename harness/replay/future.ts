import { grown } from '../base/arrays.js';
import { Refusal } from '../contract/refusal.js';
import type { Moment } from '../metrics/files.js';
import type {
  Pages,
  PolicyCounters,
  ReclaimContext,
  ReclaimPolicy,
  ReclaimPolicyInfo,
} from '../policy/reclaim/contract.js';

/** In place of the number of a use: there is none. */
const NEVER = 2 ** 31 - 1;
/** Events to make room for at the start. */
const INITIAL_EVENTS = 1 << 16;

/**
 * All uses of pages in a replay, numbered from 0, and for each the next one of the same page id.
 *
 * 4 bytes a use, and 4 a page id.
 */
export interface Uses {
  /** By use: the next one of the same id, or `NEVER`; its complement where the page's contents go before that. */
  readonly next: Int32Array;
  /** By page id: its first use, or `NEVER`. */
  readonly first: Int32Array;
}

/**
 * In place of a reclaim policy in a machine that is never short of memory: writes down which page is used when. A use
 * is what the machine tells a policy of: a page comes in, or is touched.
 */
export class UseRecorder implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  /** Uses as page ids, and the ends of pages as their complement. */
  private events = new Int32Array(INITIAL_EVENTS);
  private length = 0;
  private ends = 0;
  private pages: Pick<Pages, 'count'> | undefined;

  /** Begins to record the uses of these pages. */
  watch(pages: Pick<Pages, 'count'>): this {
    this.pages = pages;
    return this;
  }

  touch(id: number): void {
    this.push(id);
  }

  insert(id: number): void {
    this.push(id);
  }

  /**
   * The contents are gone, or about to be: until then the page is not needed again. A page that is locked counts as gone,
   * too, until it is unlocked.
   */
  remove(id: number): void {
    this.ends++;
    this.push(~id);
  }

  /** Never called: there is enough memory. */
  evict(): number {
    return 0;
  }

  reject(): void {}

  resize(): void {}

  grow(): void {}

  /** What was recorded; the recorder is used up. The events become next uses in their place, from the last on. */
  uses(): Uses {
    const { events, length } = this;
    const seen = new Int32Array(this.pages?.count ?? 0).fill(NEVER);
    let use = length - this.ends;
    for (let at = length - 1, to = length; at >= 0; at--) {
      const event = events[at]!;
      const id = event < 0 ? ~event : event;
      const later = seen[id]!;
      if (event < 0) seen[id] = later < 0 ? later : ~later;
      else {
        events[--to] = later;
        seen[id] = --use;
      }
    }
    // What ends before its first use has no contents yet.
    for (let id = 0; id < seen.length; id++) if (seen[id]! < 0) seen[id] = ~seen[id]!;
    return { next: events.subarray(this.ends, length), first: seen };
  }

  private push(event: number): void {
    if (this.length === NEVER) throw new Refusal(`a future of more than ${NEVER} uses of pages is not kept`);
    if (this.length === this.events.length)
      this.events = grown(this.events, Math.min(2 * this.length, NEVER));
    this.events[this.length++] = event;
  }
}

/**
 * Knows at any time of a second replay when each page is used next. The second replay has uses that the first had not:
 * what was evicted is read again for another page (a copy on write, advice). These change nothing. Each use of the
 * first must come, in the same order and of the same page id: else what was foreseen is not what happens.
 */
export class Foresight {
  /** By page id: its next use, infinity where it is not used any more or its contents go before. */
  nextUse: Float64Array;
  /** By page id: its next use, whatever happens before. */
  private due: Int32Array;
  private now = 0;

  constructor(private readonly uses: Uses) {
    this.due = uses.first;
    this.nextUse = Float64Array.from(uses.first, (use) => (use === NEVER ? Number.POSITIVE_INFINITY : use));
  }

  /** Whether all uses that were foreseen have come. */
  get complete(): boolean {
    return this.now === this.uses.next.length;
  }

  get bytes(): number {
    return this.uses.next.byteLength + this.due.byteLength + this.nextUse.byteLength;
  }

  used(id: number): void {
    if (this.due[id] !== this.now) return;
    const next = this.uses.next[this.now++]!;
    this.due[id] = next < 0 ? ~next : next;
    this.nextUse[id] = next < 0 || next === NEVER ? Number.POSITIVE_INFINITY : next;
  }

  grow(count: number): void {
    if (count <= this.due.length) return;
    this.due = grown(this.due, count, NEVER);
    this.nextUse = grown(this.nextUse, count, Number.POSITIVE_INFINITY);
  }
}

/** The machine's pages, and when they are used next. */
class ForeseenPages implements Pages {
  constructor(
    private readonly pages: Pages,
    private readonly foresight: Foresight,
  ) {}

  get capacity(): number {
    return this.pages.capacity;
  }

  get count(): number {
    return this.pages.count;
  }

  get resident(): Uint8Array {
    return this.pages.resident;
  }

  get traits(): Uint8Array {
    return this.pages.traits;
  }

  get nextUse(): Float64Array {
    return this.foresight.nextUse;
  }

  referenced(id: number): number {
    return this.pages.referenced(id);
  }
}

/**
 * A policy that knows the future. What a program says of its pages (`demote`) is kept from it: it knows better.
 */
class ForesightedPolicy implements ReclaimPolicy {
  constructor(
    private readonly policy: ReclaimPolicy,
    private readonly foresight: Foresight,
  ) {}

  get counters(): PolicyCounters {
    return this.policy.counters;
  }

  get bytes(): number {
    return (this.policy.bytes ?? 0) + this.foresight.bytes;
  }

  touch(id: number): void {
    this.foresight.used(id);
    this.policy.touch?.(id);
  }

  miss(id: number): void {
    this.policy.miss?.(id);
  }

  evict(victims: Int32Array, wanted: number): number {
    return this.policy.evict(victims, wanted);
  }

  insert(id: number): void {
    this.foresight.used(id);
    this.policy.insert(id);
  }

  reject(id: number): void {
    this.policy.reject(id);
  }

  remove(id: number): void {
    this.policy.remove(id);
  }

  rotate(id: number): void {
    this.policy.rotate?.(id);
  }

  tune(parameter: string, value: number): void {
    this.policy.tune?.(parameter, value);
  }

  resize(capacity: number): void {
    this.policy.resize(capacity);
  }

  grow(count: number): void {
    this.foresight.grow(count);
    this.policy.grow(count);
  }
}

/** A policy's entry in the registry, for a machine where the uses of a first replay come again. */
export function foresighted(info: ReclaimPolicyInfo, foresight: Foresight): ReclaimPolicyInfo {
  return {
    ...info,
    create(pages: Pages, context: ReclaimContext): ReclaimPolicy {
      foresight.grow(pages.count);
      return new ForesightedPolicy(info.create(new ForeseenPages(pages, foresight), context), foresight);
    },
  };
}

/**
 * Refuses to foresee what depends on which pages are evicted: a first replay, where memory is never short, would have
 * another future.
 *
 * @param name of the reclaim policy that needs the future
 * @param moment of the first replay, after an event
 * @throws Refusal
 */
export function checkForeseeable(
  name: string,
  { lazyfree_pages, volatile_pages }: Pick<Moment, 'lazyfree_pages' | 'volatile_pages'>,
): void {
  if (lazyfree_pages > 0)
    throw new Refusal(
      `reclaim policy ${name} needs the future, and what is lazily freed (MADV_FREE, droppable) is lost when memory is short`,
    );
  if (volatile_pages > 0)
    throw new Refusal(
      `reclaim policy ${name} needs the future, and what is volatile is purged when memory is short`,
    );
}
