import { InputError } from '../../base/errors.js';
import { PAGE_BYTES } from '../../base/page.js';
import { PageBudget } from '../page-budget.js';
import type { RequestPages, RequestReader } from '../readers/reader.js';
import type { RequestBatch } from './batch.js';
import { BATCH_CAPACITY } from './batch.js';
import { DenseIds } from './dense-ids.js';

/**
 * What a request refers to: `objects`, one id each whatever the size, or pages of `pageBytes` bytes, all those that its
 * bytes lie on (at least one).
 */
export type Reference = { readonly pageBytes: number } | 'objects';

/**
 * How requests of a format become references. Accesses to memory are always pages of 4 KiB; records of a format that
 * counts blocks are a reference a block; others are one object each, unless they are to be split into pages.
 */
export function referenceOf(reader: RequestReader, split: boolean): Reference {
  if (split || reader.kind === 'memory') return { pageBytes: PAGE_BYTES };
  return reader.blockBytes === undefined ? 'objects' : { pageBytes: reader.blockBytes };
}

/** What large requests may touch, where requests become pages; undefined where each is an object. */
export function pagesOf(reference: Reference): RequestPages | undefined {
  return reference === 'objects' ? undefined : { pageBytes: reference.pageBytes, budget: new PageBudget() };
}

/** @throws InputError for a reader whose requests are pages already: `--split` would have no effect */
export function checkSplit({ name, kind }: RequestReader): void {
  if (kind === 'memory')
    throw new InputError(
      `--split cuts requests into pages, and reader ${name} reads accesses to memory, which are of pages already`,
    );
}

/** References as dense ids; the arrays are reused: they have meaning until the next batch is asked for. */
export interface DenseBatch {
  readonly ids: Int32Array;
  /** By reference: the row of its request. */
  readonly rows: Int32Array;
  readonly length: number;
  /** Distinct ids so far. */
  readonly distinct: number;
}

/** Maps requests to the dense ids of what they refer to, in order of first appearance. */
export class ReferenceMapper {
  private readonly ids = new Int32Array(BATCH_CAPACITY);
  private readonly rows = new Int32Array(BATCH_CAPACITY);
  /** Of objects, the row of a reference is its number in every batch: so far below this. */
  private numbered = 0;
  private length = 0;

  /**
   * @param idBytes bytes that one unit of an id stands for, unless a batch says so; with `pageBytes`, powers of two
   * @param table an empty one
   */
  constructor(
    private readonly reference: Reference,
    private readonly idBytes: number,
    readonly table: DenseIds = new DenseIds(),
  ) {}

  /**
   * The references of a batch: one batch of them, or more where requests are split.
   *
   * @throws InputError where requests are to be split and their ids are hashes
   */
  *map(batch: RequestBatch): Generator<DenseBatch> {
    if (this.reference !== 'objects') {
      yield* this.pages(batch, this.reference.pageBytes);
      return;
    }
    this.table.mapBatch(batch, this.ids);
    for (; this.numbered < batch.length; this.numbered++) this.rows[this.numbered] = this.numbered;
    this.length = batch.length;
    yield this.take();
  }

  private *pages(batch: RequestBatch, pageBytes: number): Generator<DenseBatch> {
    const { ids, rows, table } = this;
    if (batch.hashed)
      throw new InputError(
        '--split cuts what has a place, and the ids are texts; leave it out, or say ids=number',
      );
    const idBytes = batch.idBytes ?? this.idBytes;
    /** Bits of an id below the number of its page. */
    const shift = Math.log2(pageBytes / idBytes);
    const mask = 2 ** shift - 1;
    for (let row = 0; row < batch.length; row++) {
      const low = batch.low[row]!;
      const high = batch.high[row]!;
      const inPage = (low & mask) * idBytes;
      const count = Math.max(1, Math.ceil((inPage + batch.size[row]!) / pageBytes));
      let first = shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
      let upper = high >>> shift;
      const volume = batch.volume[row]!;
      for (let page = 0; page < count; page++) {
        if (this.length === ids.length) yield this.take();
        ids[this.length] = table.id(first, upper, volume);
        rows[this.length++] = row;
        first = (first + 1) | 0;
        if (first === 0) upper++;
      }
    }
    if (this.length > 0) yield this.take();
  }

  private take(): DenseBatch {
    const { ids, rows, length } = this;
    this.length = 0;
    return { ids, rows, length, distinct: this.table.size };
  }
}
