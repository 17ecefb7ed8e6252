import { basename } from 'node:path';
import { InputError } from '../../base/errors.js';
import { PAGE_BYTES } from '../../base/page.js';
import { BlockBuilder, type EventBlock } from '../block.js';
import type { Rereadable } from '../io/spool.js';
import { TraceMeta } from '../meta.js';
import { PAGE_LIMIT } from '../op.js';
import { LineAccount } from '../readers/account.js';
import type { ReaderInput, RequestReader } from '../readers/reader.js';
import type { TraceSource } from '../source.js';
import type { RequestBatch } from './batch.js';
import { type DenseBatch, pagesOf, ReferenceMapper, referenceOf } from './references.js';
import { touchedRegions } from './regions.js';

/** The object that pages of blocks and objects are pages of. */
const OBJECT = 'blocks';
/** The space that addresses are in. */
const SPACE = 1;

/** What the first pass over the requests finds. */
interface Survey {
  readonly mapper: ReferenceMapper;
  /** Pages in all: ids of the second pass are below. */
  readonly pages: number;
  readonly firstTimeUs: number;
  /** Requests with an earlier time than one before them. */
  readonly disordered: number;
  /** Whether requests have times. */
  readonly timed: boolean;
}

/** A file of requests, and how they are understood: what a reader reads, but for the bytes, as it is read twice. */
export interface RequestFile extends Omit<ReaderInput, 'bytes'> {
  readonly content: Rereadable;
  readonly reader: RequestReader;
  /** Cut requests into pages of 4 KiB instead of a page each. */
  readonly split: boolean;
}

/** @param account of one pass of the two */
function requests(file: RequestFile, account: LineAccount): AsyncGenerator<RequestBatch> {
  const pages = pagesOf(referenceOf(file.reader, file.split));
  return file.reader.read({ ...file, bytes: file.content.bytes(), account, pages });
}

async function survey(file: RequestFile): Promise<Survey> {
  const { reader, split } = file;
  const mapper = new ReferenceMapper(referenceOf(reader, split), reader.idBytes);
  let firstTimeUs = Number.NaN;
  let lastTimeUs = Number.NEGATIVE_INFINITY;
  let disordered = 0;
  let { timed } = reader;
  for await (const batch of requests(file, new LineAccount())) {
    for (const _ of mapper.map(batch));
    timed &&= batch.timed;
    for (let row = 0; row < batch.length; row++) {
      const time = batch.time[row]!;
      if (Number.isNaN(firstTimeUs)) firstTimeUs = time;
      if (time < lastTimeUs) disordered++;
      else lastTimeUs = time;
    }
  }
  return { mapper, pages: mapper.table.size, firstTimeUs, disordered, timed };
}

/** Collects references into events: pages that follow each other, with the same op and time, are one. */
class RunWriter {
  readonly builder = new BlockBuilder();
  private time = 0;
  private write = 0;
  private page = 0;
  private count = 0;

  /** @param memory whether runs are accesses to memory, else I/O on the object */
  constructor(private readonly memory: boolean) {}

  /** Adds a reference. True when a block is full and to be taken. */
  add(time: number, write: number, page: number): boolean {
    if (this.count > 0 && page === this.page + this.count && write === this.write && time === this.time) {
      this.count++;
      return false;
    }
    this.flush();
    this.time = time;
    this.write = write;
    this.page = page;
    this.count = 1;
    return this.builder.full;
  }

  /** Writes the run at hand. The block must not be full. */
  flush(): void {
    const { builder, time, write, page, count } = this;
    this.count = 0;
    if (count === 0) return;
    if (this.memory) builder.addTouch(time, write === 1, SPACE, page, count);
    else builder.add(time, write === 1 ? 'pwrite' : 'pread', { page, count, text: OBJECT });
  }
}

/** Makes events of requests: the second pass. */
class RequestEvents {
  private readonly runs: RunWriter;
  private readonly memory: boolean;
  /** By dense id: the page number, of addresses. */
  private readonly pageOf: Float64Array;
  private requests = 0;
  private nowUs = 0;

  constructor(
    private readonly file: RequestFile,
    private readonly found: Survey,
  ) {
    this.memory = file.reader.kind === 'memory';
    this.runs = new RunWriter(this.memory);
    this.pageOf = this.memory ? pageNumbers(found.mapper, file.file) : new Float64Array(0);
  }

  get strings() {
    return this.runs.builder.strings;
  }

  async *blocks(): AsyncGenerator<EventBlock> {
    try {
      yield* this.declarations();
      for await (const batch of requests(this.file, this.file.account)) {
        for (const dense of this.found.mapper.map(batch)) yield* this.events(batch, dense);
        this.requests += batch.length;
      }
    } finally {
      await this.file.content.close();
    }
    this.runs.flush();
    const { builder } = this.runs;
    if (builder.length > 0) yield builder.take();
  }

  /** What there is before the first request: the object, or the regions of the space. */
  private *declarations(): Generator<EventBlock> {
    const { builder } = this.runs;
    if (!this.memory) {
      builder.add(0, 'object', { count: this.found.pages, text: `file:${OBJECT}` });
      return;
    }
    builder.add(0, 'spawn', { space: SPACE });
    for (const { start, end } of touchedRegions(this.pageOf.slice())) {
      if (builder.full) yield builder.take();
      builder.add(0, 'map', { space: SPACE, page: start, count: end - start, text: 'anon' });
    }
    if (builder.full) yield builder.take();
  }

  private *events(batch: RequestBatch, dense: DenseBatch): Generator<EventBlock> {
    const { runs, memory, pageOf, found } = this;
    if (dense.distinct > found.pages)
      throw new InputError('the file has changed while it was read', { file: this.file.file });
    for (let i = 0; i < dense.length; i++) {
      const row = dense.rows[i]!;
      const id = dense.ids[i]!;
      const page = memory ? pageOf[id]! : id;
      if (runs.add(this.time(batch, row), batch.write[row]!, page)) yield runs.builder.take();
    }
  }

  /** Never decreasing; a microsecond a request where the format has no times. */
  private time(batch: RequestBatch, row: number): number {
    if (!this.found.timed) return this.requests + row;
    this.nowUs = Math.max(this.nowUs, batch.time[row]! - this.found.firstTimeUs);
    return this.nowUs;
  }
}

/** The page numbers of dense ids. @throws InputError for an address that no program has */
function pageNumbers(mapper: ReferenceMapper, file: string): Float64Array {
  const { low, high } = mapper.table.keys();
  return Float64Array.from(low, (word, id) => {
    const page = high[id]! * 2 ** 32 + word;
    if (page >= PAGE_LIMIT)
      throw new InputError(`there is a page ${page}, expected page numbers below 2^45`, { file });
    return page;
  });
}

/** What the pages of a trace stand for, in words. */
function pageNote({ reader, split }: RequestFile): string {
  if (reader.kind === 'memory') return 'mapped is what is touched, and gaps of up to 16 pages';
  const order = `pages of ${OBJECT} are numbered in order of first appearance`;
  if (split) return `requests are split into pages of ${PAGE_BYTES} bytes; ${order}`;
  if (reader.blockBytes !== undefined)
    return `each block of ${reader.blockBytes} bytes is one page; ${order}`;
  return `each object is one page, whatever its size; ${order}`;
}

function metadata(file: RequestFile, { disordered, timed }: Survey): TraceMeta {
  const { reader } = file;
  const late =
    disordered > 0
      ? `; ${disordered} requests were out of order in time, and are moved to the one before`
      : '';
  return new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    [
      'clock',
      timed ? 'microseconds since the first request' : 'one microsecond a request, as the file has no times',
    ],
    ['source', `${basename(file.file)}, format ${reader.name}`],
    ['provenance', reader.provenance ?? 'recorded'],
    ...(reader.touches ? [['touches', reader.touches] as const] : []),
    ['note', `${pageNote(file)}${late}`],
  ]);
}

/**
 * Makes a trace of a file of requests, in two passes over it: a trace declares what it uses before it is used. Requests
 * on blocks and objects become `pread` and `pwrite` on one file whose size is the number of distinct pages; accesses to
 * memory become `read` and `write` in one space, in which the touched regions are mapped. Constant memory but for the
 * distinct pages.
 *
 * @throws InputError for what the reader refuses
 */
export async function importRequests(file: RequestFile): Promise<TraceSource> {
  let found: Survey;
  try {
    found = await survey(file);
  } catch (error) {
    await file.content.close();
    throw error;
  }
  const events = new RequestEvents(file, found);
  return { meta: metadata(file, found), strings: events.strings, blocks: () => events.blocks() };
}
