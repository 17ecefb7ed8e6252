import type { Merger } from '../state/hooks.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import type { Hints } from './hints.js';
import { RMAP_ITEM_BYTES } from './items.js';
import type { MergeIndex } from './merge-index.js';

/** What the kernel shows of merging (sysfs, and the memory it takes). */
export interface MergeCounts {
  /** Merged pages in use. */
  readonly pagesShared: number;
  /** Further mappings of merged pages. */
  readonly pagesSharing: number;
  /** Pages that change too often to be merged. */
  readonly pagesVolatile: number;
  /** Memory that index costs the kernel. */
  readonly metadataBytes: number;
}

/** A way to merge: what the machine tells it, and what it says of its work. */
export interface MergeStrategy extends Merger, MergeCounts {
  /** Whether ksmd does the work: the kernel has an rmap_item for each page it has met, and counts them a process. */
  readonly scans: boolean;
  /** Host memory of its own. */
  readonly bytes: number;
}

/** ksmd merges when it comes by. Hints, where there are any, say what it looks at first. */
export class Scanning implements MergeStrategy {
  readonly scans = true;
  readonly bytes = 0;
  readonly everyTouch = undefined;

  constructor(
    private readonly state: State,
    private readonly index: MergeIndex,
    private readonly hints: Hints | undefined,
  ) {}

  came(): void {}
  rangeCame(): void {}
  eventEnded(): void {}

  written(space: Space, first: number, count: number, content: number, step: 0 | 1): void {
    this.hints?.written(space, first, count, content, step);
  }

  fileRead(page: number): void {
    this.hints?.read(this.state.pages.contents.get(page));
  }

  get pagesShared(): number {
    return this.index.pagesShared;
  }

  get pagesSharing(): number {
    return this.index.pagesSharing;
  }

  get pagesVolatile(): number {
    return this.index.pagesVolatile;
  }

  get metadataBytes(): number {
    return this.index.items.count * RMAP_ITEM_BYTES;
  }
}
