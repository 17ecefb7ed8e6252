import { InputError } from '../../base/errors.js';

/** A buffer that is used more often than this since the hand passed counts no further. Source: BM_MAX_USAGE_COUNT. */
const MAX_USAGE = 5;
const NONE = -1;

/**
 * The few buffers that one big sequential scan goes round in, so that it does not flush the pool.
 * Source: BufferAccessStrategy in PostgreSQL's freelist.c; a bulk read has 256 KiB, 32 buffers.
 */
export class Ring {
  private readonly buffers: Int32Array;
  private current = NONE;

  /** @param size in buffers */
  constructor(size: number) {
    this.buffers = new Int32Array(size).fill(NONE);
  }

  /** The next buffer of the ring; −1 where it is not full yet. */
  next(): number {
    this.current = (this.current + 1) % this.buffers.length;
    return this.buffers[this.current]!;
  }

  /** The place at hand is this buffer from now on. */
  put(buffer: number): void {
    this.buffers[this.current] = buffer;
  }
}

/**
 * The buffers of a database: which block is in which, and which one goes when there is none free. A block is any number;
 * a buffer is an index below `size`.
 *
 * Source: PostgreSQL 15, `BufferAlloc`, `PinBuffer` in src/backend/storage/buffer/bufmgr.c, `StrategyGetBuffer`,
 * `ClockSweepTick`, `GetBufferFromRing` in freelist.c. Free are only buffers that were never used: relations are not
 * dropped here, so the free list is a range that shrinks from below.
 */
export class ClockSweep {
  private readonly buffers = new Map<number, number>();
  private readonly block: Float64Array;
  private readonly usage: Uint8Array;
  private readonly pins: Uint16Array;
  private readonly dirty: Uint8Array;
  /** Buffers from here on are free. */
  private used = 0;
  private hand = 0;

  /**
   * @param capacity the most buffers that there are ever
   * @param size how many there are now
   */
  constructor(
    readonly capacity: number,
    public size = capacity,
  ) {
    this.block = new Float64Array(capacity);
    this.usage = new Uint8Array(capacity);
    this.pins = new Uint16Array(capacity);
    this.dirty = new Uint8Array(capacity);
  }

  /** The buffer that holds a block; −1 where none does. */
  find(block: number): number {
    return this.buffers.get(block) ?? NONE;
  }

  /** Buffers that hold a block. */
  get filled(): number {
    return this.buffers.size;
  }

  blockOf(buffer: number): number {
    return this.block[buffer]!;
  }

  isDirty(buffer: number): boolean {
    return this.dirty[buffer] === 1;
  }

  usageOf(buffer: number): number {
    return this.usage[buffer]!;
  }

  isPinned(buffer: number): boolean {
    return this.pins[buffer] !== 0;
  }

  /** Pins the buffer of a block that was found, and counts the use. A scan in a ring does not make buffers popular. */
  pin(buffer: number, ring?: Ring): void {
    const usage = this.usage[buffer]!;
    if (usage < (ring ? 1 : MAX_USAGE)) this.usage[buffer] = usage + 1;
    this.pins[buffer] = this.pins[buffer]! + 1;
  }

  unpin(buffer: number): void {
    this.pins[buffer] = this.pins[buffer]! - 1;
  }

  markDirty(buffer: number): void {
    this.dirty[buffer] = 1;
  }

  /** The buffer has been written to its file. */
  clean(buffer: number): void {
    this.dirty[buffer] = 0;
  }

  /**
   * Chooses the buffer for a block that is in none. What it holds must be written back, if dirty, and then `replace` be
   * called.
   *
   * @throws InputError when all buffers are pinned
   */
  victim(ring?: Ring): number {
    const own = ring?.next() ?? NONE;
    // The size may have shrunk since the ring was filled.
    if (own !== NONE && own < this.size && this.pins[own] === 0 && this.usage[own]! <= 1) return own;
    const buffer = this.used < this.size ? this.used : this.sweep();
    ring?.put(buffer);
    return buffer;
  }

  /** Puts a block into a victim, pinned once. */
  replace(buffer: number, block: number): void {
    if (buffer < this.used) this.buffers.delete(this.blockOf(buffer));
    else this.used = buffer + 1;
    this.buffers.set(block, buffer);
    this.block[buffer] = block;
    this.usage[buffer] = 1;
    this.pins[buffer] = 1;
    this.dirty[buffer] = 0;
  }

  /** Buffers of a range that hold blocks which are not in their files. */
  *dirtyIn(from: number, end: number): Generator<number> {
    for (let buffer = from; buffer < Math.min(end, this.used); buffer++)
      if (this.isDirty(buffer)) yield buffer;
  }

  /**
   * Changes the number of buffers. The blocks of those that go are forgotten: dirty ones must have been written. None of
   * them may be pinned.
   */
  resize(size: number): void {
    for (let buffer = size; buffer < this.used; buffer++) this.buffers.delete(this.blockOf(buffer));
    this.used = Math.min(this.used, size);
    this.size = size;
    if (this.hand >= size) this.hand = 0;
  }

  private sweep(): number {
    let untried = this.size;
    for (;;) {
      const buffer = this.hand;
      this.hand = buffer + 1 === this.size ? 0 : buffer + 1;
      if (this.pins[buffer] !== 0) {
        if (--untried === 0)
          throw new InputError(`all ${this.size} buffers are pinned, expected more buffers`);
      } else if (this.usage[buffer] === 0) return buffer;
      else {
        this.usage[buffer] = this.usage[buffer]! - 1;
        untried = this.size;
      }
    }
  }
}
