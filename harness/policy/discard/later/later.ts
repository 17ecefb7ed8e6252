import type {
  DiscardContext,
  DiscardPolicy,
  LaterPages,
  MappedPiece,
  PageRange,
  Pressure,
  Unpinned,
} from '../contract.js';
import type { Queued } from '../range-queue.js';
import { filed } from '../volatile-marks.js';
import { BELOW, HeapTop } from './heap-top.js';
import { InUse } from './in-use.js';
import { stagesOf } from './parameters.js';
import { type Bounds, Stage } from './stage.js';

/** What one space has given up and not yet given back. */
class Retained {
  readonly stages: readonly Stage[];
  /** What is not the top of its heap, before all stages; undefined where that does not matter. */
  readonly below: Stage | undefined;
  /** Where pages wait. */
  readonly all: readonly Stage[];
  /** When its next timer is due. */
  armedUs = Number.POSITIVE_INFINITY;

  constructor(
    readonly space: number,
    bounds: readonly Bounds[],
    nowUs: number,
    inUse: () => number,
    topOnly: boolean,
  ) {
    this.stages = bounds.map((one) => new Stage(one, nowUs, inUse));
    this.below = topOnly ? new Stage(BELOW, nowUs) : undefined;
    this.all = this.below ? [this.below, ...this.stages] : this.stages;
  }

  get dueUs(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { dueUs } of this.stages) first = Math.min(first, dueUs);
    return first;
  }

  /** Takes pages out. Returns how many there were. */
  delete(range: PageRange): number {
    let pages = 0;
    for (const stage of this.all) pages += stage.delete(range);
    return pages;
  }
}

/** The pages of a mapping that a queued range stands for. */
function mappedBy({ page, count, shift }: Queued, space: number): PageRange {
  return { space, page: page + shift, count };
}

/**
 * Puts off the calls of a policy. What the program discards waits, in a queue of its space, until its time has come and more
 * waits than is to be kept; then the policy is told of the discard. Pages that are used before leave the queue.
 *
 * Shared memory waits by pages of its object, so that it is in use again whichever mapping is used; the space that discarded
 * it gives it back. What is unmapped before its call, also at the end of a space, is forgotten, and counted. mremap moves
 * what waits, as old as it is; a forked child has what waits of private memory, too.
 */
export class Later implements DiscardPolicy {
  /** There where the policy has it. */
  declare readonly sigbus?: (page: PageRange) => boolean;
  private readonly bounds: readonly Bounds[];
  private readonly stuck: boolean;
  private readonly spaces = new Map<number, Retained>();
  /** Objects of which memory has waited, as `filed` names them. */
  private readonly objects = new Set<number>();
  private pages = 0;
  private readonly counts = { late: 0, cancelled: 0, unmapped: 0 };
  /** What spaces have in use; undefined where no share of it is kept. */
  private readonly inUse: InUse | undefined;
  /** Where heaps have their top; undefined where memory may be given back anywhere. */
  private readonly top: HeapTop | undefined;

  /**
   * @param inner makes the calls
   * @param eager whether they are also made for memory that is unpinned; `inner` makes none at unpin then
   */
  constructor(
    private readonly inner: DiscardPolicy,
    private readonly context: DiscardContext,
    private readonly eager: boolean,
  ) {
    this.bounds = stagesOf(context.values);
    this.stuck = context.values.idle === 'stuck';
    if (this.bounds.some(({ keepShare }) => keepShare > 0)) this.inUse = new InUse();
    if (context.values.top === 1) this.top = new HeapTop(context.kernel);
    if (inner.sigbus) Object.defineProperty(this, 'sigbus', { value: inner.sigbus.bind(inner) });
  }

  get laterPages(): LaterPages {
    return { ...this.counts, pending: this.pages };
  }

  get watchesWrites(): boolean {
    return this.watchesReads || this.inUse !== undefined || this.inner.watchesWrites === true;
  }

  get watchesReads(): boolean {
    return this.pages > 0 || this.top !== undefined;
  }

  discard(range: PageRange): void {
    this.cancel(range);
    this.inUse?.delete(range);
    this.add(range);
  }

  unpin(range: Unpinned): void {
    this.cancel(range);
    this.inner.unpin(range);
    if (this.eager) this.add(range);
    else this.acted(range.space);
  }

  pin(range: PageRange, unpinned: Unpinned | undefined): void {
    this.used(range);
    this.inner.pin(range, unpinned);
    this.acted(range.space);
  }

  /** Gives a range back now, whatever its age. */
  giveBack(range: PageRange): void {
    this.cancel(range);
    this.free(range);
    this.inner.discard(range);
  }

  pressure(level: Pressure): void {
    this.inner.pressure?.(level);
  }

  beforeRead(range: PageRange): void {
    this.used(range);
    this.acted(range.space);
  }

  beforeWrite(range: PageRange): void {
    this.used(range);
    this.inUse?.add(range);
    if (this.inner.watchesWrites) this.inner.beforeWrite?.(range);
    this.acted(range.space);
  }

  unmapped(range: PageRange): void {
    this.inUse?.delete(range);
    const own = this.spaces.get(range.space);
    if (own) {
      const shared = this.sharedParts(range).flatMap((part) => waitingFor(own, part));
      const gone = own.delete(range) + shared.reduce((sum, part) => sum + own.delete(part), 0);
      this.counts.unmapped += gone;
      this.pages -= gone;
    }
    this.top?.unmapped(range, own?.below, own?.stages[0]);
    if (own && this.top) this.release(own);
    else this.acted(range.space);
    this.inner.unmapped?.(range);
  }

  moved(range: PageRange, to: number): void {
    this.inUse?.move(range, to);
    const own = this.spaces.get(range.space);
    for (const stage of own?.all ?? []) stage.move(range, to);
    const target = { space: range.space, page: to, count: range.count };
    for (const piece of own ? this.sharedParts(target) : []) {
      const shift = piece.page - piece.objectPage;
      const before = { ...piece, page: piece.page - to + range.page };
      for (const part of waitingFor(own!, before))
        for (const stage of own!.all) stage.move(part, part.page, shift);
    }
    this.top?.moved(range, to, own?.below, own?.stages[0]);
    this.inner.moved?.(range, to);
    if (own && this.top) this.release(own);
    else this.acted(range.space);
  }

  forked(parent: number, child: number): void {
    this.inUse?.copy(parent, child);
    this.top?.forked(parent, child);
    const own = this.spaces.get(parent);
    if (own) {
      const copy = this.retained(child);
      own.all.forEach((stage, i) => {
        stage.copyTo(child, copy.all[i]!);
        this.pages += copy.all[i]!.pages;
      });
      this.arm(copy);
    }
    this.inner.forked?.(parent, child);
  }

  /** A range waits from now on. */
  private add(range: PageRange): void {
    const own = this.retained(range.space);
    const { nowUs } = this.context.clock;
    const put = (one: PageRange, shift: number) => {
      if (one.count <= 0) return;
      // Shared memory is no heap.
      if (own.below && one.space >= 0) this.top!.wait(one, own.below, own.stages[0]!, nowUs);
      else own.stages[0]!.add(one, shift, nowUs);
      this.pages += one.count;
    };
    let next = range.page;
    for (const piece of this.context.kernel.lookup(range, false)) {
      const { file } = filed(piece);
      if (file.space >= 0) continue;
      put({ space: range.space, page: next, count: piece.page - next }, 0);
      put(file, piece.page - piece.objectPage);
      this.objects.add(file.space);
      next = piece.page + piece.count;
    }
    put({ space: range.space, page: next, count: range.page + range.count - next }, 0);
    this.free(range);
    this.release(own);
  }

  private retained(space: number): Retained {
    let own = this.spaces.get(space);
    if (!own) {
      const { inUse } = this;
      own = new Retained(
        space,
        this.bounds,
        this.context.clock.nowUs,
        () => inUse?.pages(space) ?? 0,
        this.top !== undefined,
      );
      this.spaces.set(space, own);
    }
    return own;
  }

  /** A space uses pages. */
  private used(range: PageRange): void {
    this.cancel(range);
    const own = this.top && this.spaces.get(range.space);
    this.top?.use(range, own?.below, own?.stages[0]);
  }

  /** A space has no use for pages any more. */
  private free(range: PageRange): void {
    if (!this.top) return;
    const own = this.retained(range.space);
    this.top.free(range, own.below!, own.stages[0]!);
  }

  /** Pages are in use: none of them waits any more. */
  private cancel(range: PageRange): void {
    if (this.pages === 0) return;
    let found = this.spaces.get(range.space)?.delete(range) ?? 0;
    for (const piece of this.sharedParts(range))
      for (const one of this.spaces.values()) found += one.delete(filed(piece).file);
    this.counts.cancelled += found;
    this.pages -= found;
  }

  /** The parts of a range that map objects of which memory may wait. */
  private sharedParts(range: PageRange): MappedPiece[] {
    if (this.objects.size === 0) return [];
    return this.context.kernel
      .lookup(range, false)
      .filter((piece) => this.objects.has(filed(piece).file.space));
  }

  /** A space does something. */
  private acted(space: number): void {
    if (!this.stuck) return;
    const own = this.spaces.get(space);
    if (own) this.release(own);
  }

  /** Gives back what is due of a space. */
  private release(own: Retained): void {
    const { kernel, clock } = this.context;
    const [first, muzzy] = own.stages;
    for (const part of first!.take(clock.nowUs)) {
      if (muzzy) {
        kernel.madvise(mappedBy(part, own.space), 'MADV_FREE');
        muzzy.add(part, part.shift, clock.nowUs);
      } else this.drop(own, part);
    }
    for (const part of muzzy?.take(clock.nowUs) ?? []) this.drop(own, part);
    this.arm(own);
  }

  private drop(own: Retained, part: Queued): void {
    this.pages -= part.count;
    if (this.bounds.length > 1 || this.context.clock.nowUs > part.atUs) this.counts.late += part.count;
    this.inner.discard(mappedBy(part, own.space));
  }

  private arm(own: Retained): void {
    const { dueUs } = own;
    if (this.stuck || dueUs >= own.armedUs) return;
    own.armedUs = dueUs;
    this.context.clock.at(dueUs, () => {
      if (own.armedUs !== dueUs) return; // an earlier one has come in between
      own.armedUs = Number.POSITIVE_INFINITY;
      this.release(own);
    });
  }
}

/** What waits of a piece of shared memory, by pages of its object: what was discarded through the mapping that it is of. */
function waitingFor(own: Retained, piece: MappedPiece): PageRange[] {
  const { file } = filed(piece);
  const end = file.page + file.count;
  return own.all
    .flatMap((stage) => stage.overlapping(file))
    .filter(({ shift }) => shift === piece.page - piece.objectPage)
    .map(({ space, page, count }) => {
      const from = Math.max(page, file.page);
      return { space, page: from, count: Math.min(page + count, end) - from };
    });
}
