import type { Pages, ReclaimPolicy } from '../contract.js';
import { SizedLists } from './sized-lists.js';
import { TrackedLists } from './tracked-lists.js';

/** Pages the program said it will not need soon; they go before all others. */
const DEMOTED = 1;
/** Victims that could not go; they wait until the search has met others. */
const REJECTED = 2;
/** The lowest number of a policy's own lists. */
export const FIRST_LIST = 3;

/**
 * What policies on lists have in common, so that each says only its rules: which page goes (`victim`), where one comes
 * in (`admit`), and what a touch does.
 *
 * Demoted pages go first, in the order in which they were demoted; one that was used since is inserted again instead. A
 * rejected page is inserted again with the next page that comes in, so that no search meets it twice unless there is no
 * other.
 */
export abstract class ListPolicy implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  protected readonly lists: TrackedLists;

  /** @param last the highest number of its lists, from `FIRST_LIST` */
  constructor(
    protected readonly pages: Pages,
    last: number,
  ) {
    this.lists = pages.sizes ? new SizedLists(last, pages) : new TrackedLists(last, pages.count);
  }

  get bytes(): number {
    return this.lists.bytes;
  }

  /** Chooses the next victim, takes it off the lists of resident pages and returns it; -1 when these are empty. */
  protected abstract victim(): number;

  /** Puts a page that has come in on a list. It may be returning, or on a ghost list where no miss was announced. */
  protected abstract admit(id: number): void;

  abstract resize(capacity: number): void;

  evict(victims: Int32Array, wanted: number): number {
    const most = Math.min(wanted, victims.length);
    let found = 0;
    while (found < most) {
      const id = this.next();
      if (id < 0) break;
      victims[found++] = id;
    }
    return found;
  }

  insert(id: number): void {
    if (this.lists.size[REJECTED]! > 0) this.readmit();
    this.admit(id);
  }

  reject(id: number): void {
    this.leave(id);
    this.lists.addHead(REJECTED, id);
  }

  remove(id: number): void {
    this.leave(id);
  }

  demote(id: number): void {
    this.leave(id);
    this.lists.addHead(DEMOTED, id);
  }

  rotate(id: number): void {
    this.leave(id);
    this.lists.addTail(DEMOTED, id);
  }

  grow(count: number): void {
    this.lists.grow(count);
  }

  /** Takes a page off all lists, whatever its state; ids that are not known are ignored. */
  protected leave(id: number): void {
    this.lists.forget(id);
  }

  /** Whether a demoted page was used since, where a touch does not bring it back at once. */
  protected usedSince(_id: number): boolean {
    return false;
  }

  /** Whether a resident page was demoted or rejected: a touch then inserts it again. */
  protected isAside(id: number): boolean {
    const list = this.lists.on(id);
    return list === DEMOTED || list === REJECTED;
  }

  /** Inserts a resident page again. */
  protected reinsert(id: number): void {
    this.leave(id);
    this.admit(id);
  }

  /** Gives up a page before memory is short: it goes with the demoted ones. */
  protected giveUp(id: number): void {
    this.lists.addHead(DEMOTED, id);
  }

  private next(): number {
    const { lists } = this;
    for (let id = lists.tail(DEMOTED); id >= 0; id = lists.tail(DEMOTED)) {
      this.counters.pgscan++;
      if (this.usedSince(id)) {
        this.reinsert(id);
        continue;
      }
      lists.take(DEMOTED, id);
      return id;
    }
    const id = this.victim();
    if (id >= 0) this.counters.pgscan++;
    return id >= 0 ? id : lists.popTail(REJECTED);
  }

  private readmit(): void {
    const { lists } = this;
    for (let id = lists.popTail(REJECTED); id >= 0; id = lists.popTail(REJECTED)) this.admit(id);
  }
}

/**
 * `ListPolicy` for one policy: from a copy of this module of its own, as of the loop over reference strings in
 * harness/mrc. Its methods then see objects of one class; shared by nine, they are up to a third slower
 * for each of them once several have run.
 */
export async function ownListPolicy(policy: string): Promise<typeof ListPolicy> {
  // @vite-ignore: the tests' bundler must leave the query as it is.
  const module = (await import(/* @vite-ignore */ `./list-policy.js?${policy}`)) as {
    ListPolicy: typeof ListPolicy;
  };
  return module.ListPolicy;
}
