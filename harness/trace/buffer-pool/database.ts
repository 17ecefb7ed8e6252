import { PAGE_BYTES } from '../../base/page.js';
import type { BlockBuilder } from '../block.js';
import { ClockSweep, type Ring } from './clock-sweep.js';

/** Bytes of a block, and so of a buffer. Source: BLCKSZ of PostgreSQL. */
export const BLOCK_BYTES = 8192;
/** Pages of 4 KiB that a block takes. */
export const BLOCK_PAGES = BLOCK_BYTES / PAGE_BYTES;
/** Where the pool is mapped in every space: 4 GiB, away from page 0. */
export const POOL_BASE = 2 ** 20;
/** The space that sets the pool up and resizes it. */
export const POSTMASTER = 1;
/** What one step adds at most: a victim is read and written, a block is read, put into its buffer, and written to. */
export const STEP_EVENTS = 5;

const POOL = 'pool';
/** A block's number is relation · 2^32 + block: exact in a float for 2^20 relations. */
const RELATION = 2 ** 32;

/** What a database has done. */
interface PoolCounts {
  hits: number;
  misses: number;
  extends: number;
  /** Dirty buffers written back to make room. */
  writeBacks: number;
}

/**
 * A database with a shared buffer pool, as events of a trace. Backends are spaces that map one shared object; a use of a
 * block touches the pages of its buffer; a block that is in none is read from its relation's file, through the page cache,
 * so that it is in memory twice.
 *
 * Every method but `resize` adds at most `STEP_EVENTS` events: the builder must have room for them.
 */
export class Database {
  readonly counts: PoolCounts = { hits: 0, misses: 0, extends: 0, writeBacks: 0 };
  private readonly pool: ClockSweep;
  /** Names of the files, by number. */
  private readonly relations: string[] = [];
  /** The buffer that each backend uses: it stays pinned until it uses another one. */
  private readonly pinned = new Map<number, number>();

  private readonly more: number;

  /**
   * @param buffers the most that the pool ever has
   * @param size buffers that it has at first
   * @param more pages that the shared object has after the buffers, for other uses
   */
  constructor(
    private readonly builder: BlockBuilder,
    private readonly buffers: number,
    { size = buffers, more = 0 } = {},
  ) {
    this.pool = new ClockSweep(buffers, size);
    this.more = more;
  }

  /** Buffers that the pool has now. */
  get size(): number {
    return this.pool.size;
  }

  /** First page after the buffers. */
  get morePage(): number {
    return POOL_BASE + this.buffers * BLOCK_PAGES;
  }

  /** Declares the pool, and the process that keeps it. */
  start(timeUs: number): void {
    this.builder.add(timeUs, 'object', { count: this.pages, text: `shmem:${POOL}` });
    this.connect(timeUs, POSTMASTER, 'postmaster');
  }

  /** Declares a file; returns its number. */
  addRelation(timeUs: number, name: string, blocks: number): number {
    this.builder.add(timeUs, 'object', { count: blocks * BLOCK_PAGES, text: `file:${name}` });
    return this.relations.push(name) - 1;
  }

  /** A backend starts. */
  connect(timeUs: number, space: number, name: string): void {
    this.builder.add(timeUs, 'spawn', { space, text: name });
    this.builder.add(timeUs, 'map', { space, page: POOL_BASE, count: this.pages, text: `shared:${POOL}@0` });
  }

  /** A backend ends. */
  disconnect(timeUs: number, space: number): void {
    this.release(space);
    this.builder.add(timeUs, 'exit', { space });
  }

  /** A backend uses a block: reads its buffer. */
  read(timeUs: number, space: number, relation: number, block: number, ring?: Ring): void {
    const number = relation * RELATION + block;
    const found = this.pool.find(number);
    this.release(space);
    if (found < 0) {
      this.counts.misses++;
      this.load(timeUs, space, relation, block, ring);
      return;
    }
    this.counts.hits++;
    this.pool.pin(found, ring);
    this.pinned.set(space, found);
    this.touch(timeUs, false, space, found);
  }

  /** A backend changes a block, which it has just used as a rule; where it is in no buffer, it is used first. */
  write(timeUs: number, space: number, relation: number, block: number): void {
    let buffer = this.pool.find(relation * RELATION + block);
    if (buffer < 0) {
      this.read(timeUs, space, relation, block);
      buffer = this.pinned.get(space)!;
    }
    this.pool.markDirty(buffer);
    this.touch(timeUs, true, space, buffer);
  }

  /**
   * A backend adds a block of zeros to a relation: its file grows, and a buffer holds it.
   *
   * @param block the number it has: as a rule the one after the last
   */
  extend(timeUs: number, space: number, relation: number, block: number): void {
    const number = relation * RELATION + block;
    // Its relation was cut off and grows again.
    if (this.pool.find(number) >= 0) {
      this.write(timeUs, space, relation, block);
      return;
    }
    this.counts.extends++;
    this.release(space);
    const buffer = this.makeRoom(timeUs, space);
    this.fileIo(timeUs, 'pwrite', space, relation, block, 0);
    this.take(space, buffer, number);
    this.touch(timeUs, true, space, buffer);
  }

  /**
   * Changes the number of buffers while the database runs. Shrinking writes dirty buffers back, forgets what is in the
   * dropped ones, and gives their memory back by one `discard`; growing uses it again. No buffer is pinned meanwhile.
   *
   * @returns steps of at most `STEP_EVENTS` events, between which a block may be taken from the builder
   */
  *resize(timeUs: number, buffers: number): Generator<void> {
    for (const space of [...this.pinned.keys()]) this.release(space);
    const old = this.pool.size;
    for (const buffer of this.pool.dirtyIn(buffers, old)) {
      this.writeBack(timeUs, POSTMASTER, buffer);
      yield;
    }
    this.pool.resize(buffers);
    if (buffers >= old) return;
    const page = POOL_BASE + buffers * BLOCK_PAGES;
    this.builder.add(timeUs, 'discard', { space: POSTMASTER, page, count: (old - buffers) * BLOCK_PAGES });
    yield;
  }

  private get pages(): number {
    return this.buffers * BLOCK_PAGES + this.more;
  }

  private release(space: number): void {
    const buffer = this.pinned.get(space);
    if (buffer === undefined) return;
    this.pool.unpin(buffer);
    this.pinned.delete(space);
  }

  private load(timeUs: number, space: number, relation: number, block: number, ring?: Ring): void {
    const buffer = this.makeRoom(timeUs, space, ring);
    this.fileIo(timeUs, 'pread', space, relation, block);
    this.take(space, buffer, relation * RELATION + block);
    this.touch(timeUs, true, space, buffer);
  }

  private makeRoom(timeUs: number, space: number, ring?: Ring): number {
    const buffer = this.pool.victim(ring);
    if (this.pool.isDirty(buffer)) {
      this.counts.writeBacks++;
      this.writeBack(timeUs, space, buffer);
    }
    return buffer;
  }

  private take(space: number, buffer: number, number: number): void {
    this.pool.replace(buffer, number);
    this.pinned.set(space, buffer);
  }

  /** pwrite reads the buffer, wherever it is by now: one that was swapped out comes back to be written. */
  private writeBack(timeUs: number, space: number, buffer: number): void {
    const number = this.pool.blockOf(buffer);
    const relation = Math.floor(number / RELATION);
    this.touch(timeUs, false, space, buffer);
    this.fileIo(timeUs, 'pwrite', space, relation, number - relation * RELATION);
    this.pool.clean(buffer);
  }

  private touch(timeUs: number, write: boolean, space: number, buffer: number): void {
    this.builder.addTouch(timeUs, write, space, POOL_BASE + buffer * BLOCK_PAGES, BLOCK_PAGES);
  }

  private fileIo(
    timeUs: number,
    op: 'pread' | 'pwrite',
    space: number,
    relation: number,
    block: number,
    content?: number,
  ): void {
    const text = this.relations[relation]!;
    const fields = { space, page: block * BLOCK_PAGES, count: BLOCK_PAGES, text };
    this.builder.add(timeUs, op, content === undefined ? fields : { ...fields, content });
  }
}
