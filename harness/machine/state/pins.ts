import type { Frames } from '../memory/frames.js';
import type { PageStore } from '../memory/pages.js';
import type { Swap } from '../memory/swap.js';
import type { ReclaimHooks } from './hooks.js';
import type { Objects } from './objects.js';
import type { Space } from './space.js';

/** What pins need of the machine's state. */
interface PinnedState {
  readonly frames: Frames;
  readonly pages: PageStore;
  readonly swap: Swap;
  readonly objects: Objects;
  readonly reclaim: Pick<ReclaimHooks, 'recheck' | 'forget'>;
  freePage(page: number): void;
}

/** Pages that one call has pinned: those at [page, page + count) of a space at that time. */
interface Pin {
  readonly page: number;
  readonly count: number;
  /** Their ids; each has a frame until it is unpinned. */
  readonly ids: readonly number[];
}

/** Whether a pin lies in a range, or across its border. */
function lies(pin: Pin, start: number, end: number): 'within' | 'across' | 'outside' {
  const last = pin.page + pin.count;
  if (last <= start || pin.page >= end) return 'outside';
  return pin.page >= start && last <= end ? 'within' : 'across';
}

/**
 * What devices have pinned (FOLL_PIN with FOLL_LONGTERM): a pin holds a page, not an address. Nothing takes its frame: when
 * nothing else refers to the page any more, it is an orphan, charged as before, until its last pin ends.
 */
export class Pins {
  /** Pins by page id. */
  private readonly counts = new Map<number, number>();
  private readonly bySpace = new Map<Space, Pin[]>();
  /** Pages whose contents only devices reach. */
  private readonly lost = new Set<number>();
  /** Number of the object that orphans belong to: nothing is mapped by it. */
  private home = -1;

  /** Whether anything is pinned. */
  get any(): boolean {
    return this.counts.size > 0;
  }

  /** Whether a device has pinned a page. */
  has(page: number): boolean {
    return this.counts.size > 0 && this.counts.has(page);
  }

  /** Pages that only devices reach. */
  get orphans(): number {
    return this.lost.size;
  }

  isOrphan(page: number): boolean {
    return this.lost.has(page);
  }

  /** Whether a space has pinned any page of a range. */
  overlaps(space: Space, start: number, end: number): boolean {
    return this.bySpace.get(space)?.some((pin) => lies(pin, start, end) !== 'outside') ?? false;
  }

  /** Holds a page once more. */
  hold(m: PinnedState, page: number): void {
    this.counts.set(page, (this.counts.get(page) ?? 0) + 1);
    m.reclaim.recheck(page);
  }

  /** Lets go of a page: an orphan is freed, another one may be reclaimed again. */
  release(m: PinnedState, page: number): void {
    const left = this.counts.get(page)! - 1;
    if (left > 0) {
      this.counts.set(page, left);
      return;
    }
    this.counts.delete(page);
    if (this.lost.delete(page)) m.freePage(page);
    else m.reclaim.recheck(page);
  }

  /** Notes what a call has pinned. */
  add(space: Space, page: number, ids: readonly number[]): void {
    const pins = this.bySpace.get(space) ?? [];
    pins.push({ page, count: ids.length, ids });
    this.bySpace.set(space, pins);
  }

  /** Takes the pins of a space that lie in a range; undefined, and nothing changes, where one lies across its border. */
  take(space: Space, start: number, end: number): readonly Pin[] | undefined {
    const pins = this.bySpace.get(space) ?? [];
    if (pins.some((pin) => lies(pin, start, end) === 'across')) return undefined;
    this.bySpace.set(
      space,
      pins.filter((pin) => lies(pin, start, end) === 'outside'),
    );
    return pins.filter((pin) => lies(pin, start, end) === 'within');
  }

  /** A space has ended, and its devices are closed. */
  exited(m: PinnedState, space: Space): void {
    const pins = this.bySpace.get(space) ?? [];
    this.bySpace.delete(space);
    for (const { ids } of pins) for (const id of ids) this.release(m, id);
  }

  /** Nothing but a device reaches a page any more. */
  orphan(m: PinnedState, page: number): void {
    if (this.home < 0) this.home = m.objects.createAnon(0).number;
    const frame = m.pages.location[page]!;
    const slot = m.frames.slotOf(frame);
    m.reclaim.forget(page);
    m.frames.setSlot(frame, -1);
    if (slot >= 0) m.swap.release(slot);
    m.frames.setOwner(frame, this.home, 0);
    m.pages.clearLazyfree(page);
    m.pages.clearVolatile(page);
    this.lost.add(page);
  }
}
