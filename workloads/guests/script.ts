import type { BlockBuilder } from '../../harness/trace/block.js';
import { type GuestPages, type Piece, Placement } from './memory.js';

/** First page of a guest's memory: 4 GiB, away from page 0. */
const MEMORY = 2 ** 20;
/** First page of the image's mapping, where it is mapped: 64 GiB, behind the largest memory. */
const IMAGE = 2 ** 24;

/** What one guest does, and when. */
export interface GuestPlan {
  /** From 0. */
  readonly guest: number;
  readonly pages: GuestPages;
  /** Pages that lie together. */
  readonly run: number;
  readonly image: 'copies' | 'file' | 'xip' | 'xip-struct';
  /** Whether the host reads a file to copy the image. */
  readonly diskReads: boolean;
  /** Whether an image that is mapped is mapped shared, and read only. */
  readonly sharedMapping: boolean;
  readonly advice: 'madvise' | 'prctl' | 'none';
  readonly startUs: number;
  readonly bootUs: number;
  /** When late pages get the contents of the image. */
  readonly lateUs: number;
  readonly endUs: number;
  readonly rewritesPerS: number;
  /** Share of rewrites that go to the image. */
  readonly imageWrites: number;
  readonly placementRandom: () => number;
  readonly rewriteRandom: () => number;
}

/** Writes the events of one guest. */
export class GuestScript {
  private readonly placement: Placement;
  private readonly space: number;

  /** @param bootOrder the runs that hold anything, in the order in which they are written */
  constructor(
    private readonly builder: BlockBuilder,
    private readonly plan: GuestPlan,
    private readonly bootOrder: Uint32Array,
  ) {
    this.placement = new Placement(plan.pages, plan.run, plan.placementRandom);
    this.space = plan.guest + 1;
  }

  /** The guest's life: the moments, in µs, at which each next step is to be taken. */
  *steps(): Generator<number> {
    const { startUs, bootUs } = this.plan;
    yield startUs;
    this.start(startUs);
    for (let i = 0; i < this.bootOrder.length; i++) {
      const now = startUs + Math.floor((i * bootUs) / this.bootOrder.length);
      yield now;
      for (const piece of this.placement.pieces(this.bootOrder[i]!)) this.fill(now, piece);
    }
    const bootedUs = startUs + Math.round(bootUs);
    yield* this.inflate(bootedUs);
    yield* this.steady(bootedUs);
  }

  private start(now: number): void {
    const { builder, space } = this;
    const { advice, pages, image, sharedMapping, guest } = this.plan;
    builder.add(now, 'spawn', { space, text: `guest-${guest + 1}` });
    if (advice === 'prctl') builder.add(now, 'prctl', { space, text: 'merge=1' });
    const memory = { space, page: MEMORY, count: pages.memory };
    builder.add(now, 'map', { ...memory, text: 'anon' });
    if (advice === 'madvise') builder.add(now, 'madvise', { ...memory, text: 'MADV_MERGEABLE' });
    if (image === 'copies' || pages.image === 0) return;
    const text = sharedMapping ? 'shared:image@0 ro' : 'private:image@0';
    builder.add(now, 'map', { space, page: IMAGE, count: pages.image, text });
  }

  /** Fills pages for the first time. */
  private fill(now: number, piece: Piece): void {
    const { pages, image, guest } = this.plan;
    const { part, first, page, count } = piece;
    if (part === 'own') {
      const base = 1 + pages.image + guest * pages.ownContents;
      this.writeContents(now, piece, base, pages.ownContents);
    } else if (part === 'zeroed') {
      this.builder.add(now, 'write', { space: this.space, page: MEMORY + page, count, content: 0 });
    } else if (part === 'image' && image !== 'copies') {
      this.builder.addTouch(now, false, this.space, IMAGE + first, count);
    } else if (part === 'image') {
      const late = Math.max(0, Math.min(count, pages.late - first));
      if (late > 0) this.builder.addTouch(now, true, this.space, MEMORY + page, late);
      const rest = { part, first: first + late, page: page + late, count: count - late };
      if (rest.count > 0) this.copyImage(now, rest);
    }
  }

  /** Copies pages of the image into the guest's memory. */
  private copyImage(now: number, piece: Piece): void {
    this.writeContents(now, piece, 1, this.plan.pages.imageContents, this.plan.diskReads);
  }

  /** Writes contents `base` + i to page i of the part; they begin again after `contents`. */
  private writeContents(
    now: number,
    { first, page, count }: Piece,
    base: number,
    contents: number,
    fromDisk = false,
  ): void {
    for (let done = 0; done < count; ) {
      const index = (first + done) % contents;
      const length = Math.min(count - done, contents - index);
      if (fromDisk) {
        this.builder.add(now, 'pread', { space: this.space, page: index, count: length, text: 'image' });
      }
      this.builder.add(now, 'write', {
        space: this.space,
        page: MEMORY + page + done,
        count: length,
        content: base + index,
        contentUp: length > 1,
      });
      done += length;
    }
  }

  /** The balloon: the guest gives pages back that are free after boot. */
  private *inflate(now: number): Generator<number> {
    const { balloon, own, image } = this.plan.pages;
    const ofOwn = Math.min(balloon, own - this.plan.pages.volatile);
    const ofImage = this.plan.image === 'copies' ? balloon - ofOwn : 0;
    for (const piece of this.placement.range('own', own - ofOwn, ofOwn)) {
      yield now;
      this.giveBack(now, piece);
    }
    for (const piece of this.placement.range('image', image - ofImage, ofImage)) {
      yield now;
      this.giveBack(now, piece);
    }
  }

  private giveBack(now: number, { page, count }: Piece): void {
    this.builder.add(now, 'discard', { space: this.space, page: MEMORY + page, count });
  }

  /** Rewrites at an even rate, and late pages of the image in between. */
  private *steady(bootedUs: number): Generator<number> {
    const { rewritesPerS, rewriteRandom, endUs, lateUs, pages } = this.plan;
    const intervalUs = 1e6 / rewritesPerS;
    let next = rewritesPerS === 0 ? Number.POSITIVE_INFINITY : bootedUs + intervalUs * rewriteRandom();
    let late = pages.late > 0;
    while (late || next < endUs) {
      if (late && next >= lateUs) {
        yield* this.becomeEqual(lateUs);
        late = false;
        continue;
      }
      const now = Math.floor(next);
      yield now;
      this.rewrite(now);
      next += intervalUs;
    }
  }

  private *becomeEqual(now: number): Generator<number> {
    for (const piece of this.placement.range('image', 0, this.plan.pages.late)) {
      yield now;
      this.copyImage(now, piece);
    }
  }

  /** Writes one page with contents that no other page has. */
  private rewrite(now: number): void {
    const { rewriteRandom, imageWrites, image, sharedMapping, pages } = this.plan;
    const writable = image === 'copies' || !sharedMapping;
    if (rewriteRandom() < imageWrites && writable && pages.image > 0) {
      const index = Math.floor(rewriteRandom() * pages.image);
      const page = image === 'copies' ? MEMORY + this.placement.pageOf('image', index) : IMAGE + index;
      this.builder.addTouch(now, true, this.space, page, 1);
    } else if (pages.volatile > 0) {
      const index = Math.floor(rewriteRandom() * pages.volatile);
      this.builder.addTouch(now, true, this.space, MEMORY + this.placement.pageOf('own', index), 1);
    }
  }
}
