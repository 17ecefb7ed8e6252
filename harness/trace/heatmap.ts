import type { EventBlock } from './block.js';
import { OP, PAGE_LIMIT } from './op.js';
import type { Trace } from './trace.js';

/** Columns and rows of the map: more cannot be seen in a figure of a page's width. */
const TIME_BINS = 128;
const ADDRESS_BINS = 64;
/** The most chunks of addresses that are distinguished: this keeps the memory of a long trace bounded. */
const MAX_CHUNKS = 65_536;
/** Pages of a chunk at first: what one page of page tables maps. */
const CHUNK_PAGES = 512;

/** A rectangle of time and address, and how often it was touched. */
export interface HeatCell {
  /** Microseconds of trace time. */
  readonly timeUs: number;
  readonly timeEndUs: number;
  /** Pages from the lowest touched one, gaps left out. */
  readonly page: number;
  readonly pageEnd: number;
  readonly touches: number;
}

/** A touch of consecutive pages. */
type Visit = (timeUs: number, space: number, first: number, pages: number) => void;

function visitBlock(block: EventBlock, visit: Visit): void {
  for (let row = 0; row < block.length; row++) {
    const op = block.op[row];
    if (op !== OP.read && op !== OP.write) continue;
    const count = block.count[row]!;
    const page = block.page[row]!;
    if (count === 0) continue;
    // A negative count goes downwards from its page.
    const first = count > 0 ? page : page + count + 1;
    visit(block.time[row]!, block.space[row]!, first, Math.abs(count));
  }
}

/** The chunks of addresses that a trace touches, by space. Chunks double whenever there are too many of them. */
class TouchedChunks {
  /** Pages of a chunk. */
  pages = CHUNK_PAGES;
  count = 0;
  private spaces = new Map<number, Set<number>>();

  add(space: number, first: number, pages: number): void {
    const last = Math.floor((first + pages - 1) / this.pages);
    for (let chunk = Math.floor(first / this.pages); chunk <= last; chunk++) this.addChunk(space, chunk);
    while (this.count > MAX_CHUNKS && this.pages < PAGE_LIMIT) this.double();
  }

  private addChunk(space: number, chunk: number): void {
    let own = this.spaces.get(space);
    if (!own) {
      own = new Set();
      this.spaces.set(space, own);
    }
    if (own.has(chunk)) return;
    own.add(chunk);
    this.count++;
  }

  private double(): void {
    const old = this.spaces;
    this.spaces = new Map();
    this.count = 0;
    this.pages *= 2;
    for (const [space, chunks] of old)
      for (const chunk of chunks) this.addChunk(space, Math.floor(chunk / 2));
  }

  /** Where each chunk stands when all stand one after the other, spaces and addresses rising. */
  places(): Map<number, Map<number, number>> {
    let place = 0;
    const rising = (a: number, b: number) => a - b;
    return new Map(
      [...this.spaces.keys()].sort(rising).map((space) => {
        const chunks = [...this.spaces.get(space)!].sort(rising);
        return [space, new Map(chunks.map((chunk) => [chunk, place++]))];
      }),
    );
  }
}

/** Touches by time and address. */
class HeatGrid {
  private readonly touches = new Float64Array(TIME_BINS * ADDRESS_BINS);
  private readonly places: Map<number, Map<number, number>>;
  private readonly chunkPages: number;
  /** Pages of a row, and microseconds of a column. */
  private readonly rowPages: number;
  private readonly columnUs: number;

  constructor(
    chunks: TouchedChunks,
    private readonly firstUs: number,
    lastUs: number,
  ) {
    this.places = chunks.places();
    this.chunkPages = chunks.pages;
    this.rowPages = Math.max(1, Math.ceil((chunks.count * chunks.pages) / ADDRESS_BINS));
    this.columnUs = Math.ceil((lastUs - firstUs + 1) / TIME_BINS);
  }

  add(timeUs: number, space: number, first: number, pages: number): void {
    const column = Math.floor((timeUs - this.firstUs) / this.columnUs);
    const places = this.places.get(space)!;
    const end = first + pages;
    for (let at = first; at < end; ) {
      const chunk = Math.floor(at / this.chunkPages);
      const upTo = Math.min(end, (chunk + 1) * this.chunkPages);
      const offset = places.get(chunk)! * this.chunkPages + (at - chunk * this.chunkPages);
      this.addPiece(column, offset, upTo - at);
      at = upTo;
    }
  }

  /** Adds touches of pages that are adjacent in the map. */
  private addPiece(column: number, first: number, pages: number): void {
    const end = first + pages;
    for (let at = first; at < end; ) {
      const row = Math.floor(at / this.rowPages);
      const upTo = Math.min(end, (row + 1) * this.rowPages);
      const cell = column * ADDRESS_BINS + row;
      this.touches[cell] = this.touches[cell]! + (upTo - at);
      at = upTo;
    }
  }

  /** What was touched, by time and then address. */
  cells(): HeatCell[] {
    const cells: HeatCell[] = [];
    this.touches.forEach((touches, cell) => {
      if (touches === 0) return;
      const row = cell % ADDRESS_BINS;
      const timeUs = this.firstUs + Math.floor(cell / ADDRESS_BINS) * this.columnUs;
      const page = row * this.rowPages;
      cells.push({ timeUs, timeEndUs: timeUs + this.columnUs, page, pageEnd: page + this.rowPages, touches });
    });
    return cells;
  }
}

async function visitAll(trace: Trace, visit: Visit): Promise<void> {
  for await (const block of trace.blocks()) visitBlock(block, visit);
}

/**
 * Where and when a trace touches memory: reads and writes counted in 128 columns of time and 64 rows of address. Spaces
 * stand one after the other, and addresses that are never touched are left out. Reads the trace twice, in constant memory.
 */
export async function heatmap(trace: Trace): Promise<HeatCell[]> {
  const chunks = new TouchedChunks();
  await visitAll(trace, (_timeUs, space, first, pages) => chunks.add(space, first, pages));
  const { firstTimeUs, lastTimeUs } = trace.totals;
  const grid = new HeatGrid(chunks, firstTimeUs, lastTimeUs);
  await visitAll(trace, (timeUs, space, first, pages) => grid.add(timeUs, space, first, pages));
  return grid.cells();
}
