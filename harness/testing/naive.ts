/**
 * What programs must find in their memory, written for plainness and not for speed: a map from page to content for
 * each space and object. It knows nothing of frames, page tables, limits or swap, and so cannot share their defects.
 */
interface NaiveObject {
  readonly contents: Map<number, number>;
  size: number;
}

interface NaivePage {
  readonly object: NaiveObject | undefined;
  readonly index: number;
  readonly shared: boolean;
  writable: boolean;
  locked: boolean;
  /** Contents of this space's own copy: anonymous memory, or a private mapping that was written. */
  own: number | undefined;
}

export class NaiveMachine {
  readonly objects = new Map<string, NaiveObject>();
  readonly spaces = new Map<number, Map<number, NaivePage>>();

  spawn(space: number): void {
    this.spaces.set(space, new Map());
  }

  object(name: string, size: number): void {
    this.objects.set(name, { contents: new Map(), size });
  }

  map(
    space: number,
    page: number,
    count: number,
    how: { object?: string; offset?: number; shared: boolean; writable: boolean },
  ): void {
    const pages = this.pages(space);
    const anonymous: NaiveObject | undefined = how.shared ? { contents: new Map(), size: count } : undefined;
    const object = how.object === undefined ? anonymous : this.objects.get(how.object);
    for (let i = 0; i < count; i++) {
      const index = (how.offset ?? 0) + i;
      pages.set(page + i, {
        object,
        index,
        shared: how.shared,
        writable: how.writable,
        locked: false,
        own: undefined,
      });
    }
  }

  unmap(space: number, page: number, count: number): void {
    for (let i = 0; i < count; i++) this.pages(space).delete(page + i);
  }

  remap(space: number, page: number, count: number, to: number): void {
    const pages = this.pages(space);
    const moved = Array.from({ length: count }, (_, i) => pages.get(page + i));
    this.unmap(space, page, count);
    this.unmap(space, to, count);
    moved.forEach((entry, i) => {
      if (entry) pages.set(to + i, entry);
    });
  }

  protect(space: number, page: number, count: number, writable: boolean): void {
    for (let i = 0; i < count; i++) {
      const entry = this.pages(space).get(page + i);
      if (entry) entry.writable = writable;
    }
  }

  fork(space: number, child: number): void {
    this.spaces.set(
      child,
      new Map([...this.pages(space)].map(([page, entry]) => [page, { ...entry, locked: false }])),
    );
  }

  /** mlock writes to private writable memory to populate it: from then on it has a copy of its own. */
  lock(space: number, page: number, count: number, locked: boolean): void {
    for (let i = 0; i < count; i++) {
      const entry = this.pages(space).get(page + i);
      if (!entry) continue;
      entry.locked = locked;
      if (locked && entry.writable && !entry.shared) entry.own = this.content(space, page + i);
    }
  }

  exit(space: number): void {
    this.spaces.delete(space);
  }

  write(space: number, page: number, content: number): void {
    const entry = this.pages(space).get(page);
    if (!entry) throw new Error(`page ${page} is not mapped`);
    if (entry.shared) entry.object?.contents.set(entry.index, content);
    else entry.own = content;
  }

  /** MADV_DONTNEED: own copies are lost, objects keep theirs; the first locked part ends the call. */
  dontneed(space: number, page: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const entry = this.pages(space).get(page + i);
      if (!entry) continue;
      if (entry.locked) return;
      entry.own = undefined;
    }
  }

  /** MADV_REMOVE on what is shared; the first part that is not, or is locked, ends the call. */
  remove(space: number, page: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const entry = this.pages(space).get(page + i);
      if (!entry) continue;
      if (!entry.shared || entry.locked) return;
      entry.object?.contents.delete(entry.index);
    }
  }

  /** What a read of a mapped page finds; 0 is a page of zeros. */
  content(space: number, page: number): number | undefined {
    const entry = this.pages(space).get(page);
    if (!entry) return undefined;
    return entry.own ?? entry.object?.contents.get(entry.index) ?? 0;
  }

  pages(space: number): Map<number, NaivePage> {
    const pages = this.spaces.get(space);
    if (!pages) throw new Error(`there is no space ${space}`);
    return pages;
  }
}
