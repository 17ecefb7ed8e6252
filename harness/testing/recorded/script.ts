import { type RandomStream, randomStream } from '../../stats/random.js';

/** Pages of the arena. */
const ARENA_PAGES = 512;
const MOST_PAGES = 12;
const MOST_DEPTH = 2;
const HEAP_PAGES = 8;
const BLOCK_OPERATIONS = 10;

/** What a page of the arena is mapped of. */
interface Cell {
  readonly kind: 'anon' | 'shared' | 'object' | 'attached';
  /** Pages of one mapping call have one number. */
  readonly run: number;
  readonly object: number;
  /** Page of the object. */
  readonly offset: number;
  readonly writable: boolean;
}

/** What a process of a script has. */
class World {
  cells: (Cell | undefined)[] = new Array(ARENA_PAGES).fill(undefined);
  /** Sizes of objects in pages, by their number. */
  objects = new Map<number, number>();
  heap = 0;

  copy(): World {
    const copy = new World();
    copy.cells = [...this.cells];
    copy.objects = new Map(this.objects);
    copy.heap = this.heap;
    return copy;
  }
}

/** A range of pages that one call mapped, of one kind and protection. */
interface Part {
  readonly page: number;
  readonly pages: number;
  readonly cell: Cell;
}

/** Draws a script that the interpreter can run: it keeps count of what is mapped. */
class Drawer {
  readonly lines: string[] = [];
  private readonly random: RandomStream;
  private world = new World();
  private runs = 0;
  private objects = 0;
  /** The C library takes memory of the heap where it makes threads. */
  private readonly threads: boolean;

  constructor(seed: number) {
    this.random = randomStream(seed, 'record-script');
    this.threads = this.random() < 0.5;
  }

  draw(operations: number): string {
    this.map('anon');
    for (let i = 0; i < operations; i++) this.operation(0);
    return `${this.lines.join('\n')}\n`;
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private say(...words: readonly (string | number)[]): void {
    this.lines.push(words.join(' '));
  }

  private operation(depth: number): void {
    const draw = this.below(100);
    if (draw < 50) this.touch();
    else if (draw < 58) this.map(this.random() < 0.7 ? 'anon' : 'shared');
    else if (draw < 62) this.mapObject();
    else if (draw < 64) this.attach();
    else if (draw < 68) this.unmap();
    else if (draw < 78) this.drop();
    else if (draw < 82) this.remap();
    else if (draw < 85) this.protect();
    else if (draw < 89) this.transfer();
    else if (draw < 91) this.transferObject();
    else if (draw < 96) this.heap();
    else this.block(depth);
  }

  /** A block of another process or thread. */
  private block(depth: number): void {
    if (depth === MOST_DEPTH) return;
    const forks = !this.threads || this.random() < 0.5;
    this.say(forks ? 'fork' : 'thread');
    const before = this.world;
    if (forks) this.world = before.copy();
    for (let i = this.below(BLOCK_OPERATIONS); i >= 0; i--) this.operation(depth + 1);
    this.world = before;
    this.say('end');
  }

  /** A random part of what is mapped that fits; undefined where there is none at a random place. */
  private part(fits: (cell: Cell) => boolean, most = MOST_PAGES): Part | undefined {
    const mapped = this.world.cells.flatMap((cell, page) => (cell && fits(cell) ? [page] : []));
    if (mapped.length === 0) return undefined;
    const page = mapped[this.below(mapped.length)]!;
    const cell = this.world.cells[page]!;
    const wanted = 1 + this.below(most);
    let pages = 1;
    const goesOn = (next: Cell | undefined) => next?.run === cell.run && next.writable === cell.writable;
    while (pages < wanted && goesOn(this.world.cells[page + pages])) pages++;
    return { page, pages, cell };
  }

  private fill(page: number, pages: number, cell: Omit<Cell, 'run'> | undefined): void {
    const run = ++this.runs;
    for (let i = 0; i < pages; i++)
      this.world.cells[page + i] = cell && { ...cell, run, offset: cell.offset + i };
  }

  private touch(): void {
    if (this.world.heap > 0 && this.below(6) === 0) {
      this.say(this.random() < 0.5 ? 'heapread' : 'heapwrite', this.below(this.world.heap));
      return;
    }
    const part = this.part(() => true, 1);
    if (part) this.say(part.cell.writable && this.random() < 0.6 ? 'write' : 'read', part.page);
  }

  /** Over whatever is mapped there. */
  private map(kind: 'anon' | 'shared'): void {
    const pages = 1 + this.below(MOST_PAGES);
    const page = this.below(ARENA_PAGES - pages);
    this.say(kind, page, pages);
    this.fill(page, pages, { kind, object: -1, offset: 0, writable: true });
  }

  private mapObject(): void {
    const { objects } = this.world;
    if (objects.size === 0 || (this.random() < 0.5 && this.objects < 60)) {
      const size = 1 + this.below(MOST_PAGES);
      this.say('object', this.objects, size);
      objects.set(this.objects++, size);
    }
    const numbers = [...objects.keys()];
    const object = numbers[this.below(numbers.length)]!;
    const size = objects.get(object)!;
    const offset = this.below(size);
    const pages = 1 + this.below(size - offset);
    const page = this.below(ARENA_PAGES - pages);
    this.say('map', page, pages, object, offset);
    this.fill(page, pages, { kind: 'object', object, offset, writable: true });
  }

  private attach(): void {
    const whole = this.world.cells.findIndex((cell) => cell?.kind === 'attached' && cell.offset === 0);
    const first = this.world.cells[whole];
    if (first && this.random() < 0.6) {
      const pages = this.world.cells.filter((cell) => cell?.run === first.run).length;
      // Unmapped in part or moved, it is not one attachment any more.
      const isWhole = pages === first.object && this.world.cells[whole + pages - 1]?.run === first.run;
      if (isWhole) {
        this.say('detach', whole, pages);
        this.fill(whole, pages, undefined);
        return;
      }
    }
    const pages = 1 + this.below(4);
    const page = this.free(pages);
    if (page === undefined) return;
    this.say('attach', page, pages);
    // Its size stands for the object.
    this.fill(page, pages, { kind: 'attached', object: pages, offset: 0, writable: true });
  }

  /** A random place where nothing is mapped. */
  private free(pages: number): number | undefined {
    const page = this.below(ARENA_PAGES - pages);
    return this.world.cells.slice(page, page + pages).every((cell) => cell === undefined) ? page : undefined;
  }

  private unmap(): void {
    const part = this.part(({ kind }) => kind !== 'attached');
    if (!part) return;
    this.say('unmap', part.page, part.pages);
    this.fill(part.page, part.pages, undefined);
  }

  private drop(): void {
    const part = this.part(({ kind, writable }) => kind === 'anon' || (writable && kind !== 'attached'));
    if (!part) return;
    const { page, pages, cell } = part;
    if (cell.kind === 'anon') this.say(this.random() < 0.6 ? 'dontneed' : 'free', page, pages);
    else if (cell.kind === 'object' && this.isMappedOnce(cell.object) && this.random() < 0.5)
      this.say('punch', page - cell.offset, cell.object, cell.offset, pages);
    else this.say('remove', page, pages);
  }

  /** Whether no page of an object is mapped twice: a hole is told by where it is mapped. */
  private isMappedOnce(object: number): boolean {
    const offsets = this.world.cells.flatMap((cell) =>
      cell?.kind === 'object' && cell.object === object ? [cell.offset] : [],
    );
    return new Set(offsets).size === offsets.length;
  }

  private remap(): void {
    const part = this.part(({ kind, writable }) => writable && kind !== 'attached');
    if (!part) return;
    const { page, pages, cell } = part;
    const moved = this.world.cells.slice(page, page + pages);
    const grown = cell.kind === 'anon' ? this.below(4) : 0;
    const wanted = Math.max(1, grown > 0 ? pages + grown : pages - this.below(3));
    const to = this.free(wanted);
    if (to === undefined || (to < page + pages && page < to + wanted)) return;
    this.say('remap', page, pages, to, wanted);
    this.fill(page, pages, undefined);
    const run = ++this.runs;
    for (let i = 0; i < wanted; i++) {
      const from = moved[i] ?? cell;
      this.world.cells[to + i] = { ...from, run };
    }
  }

  private protect(): void {
    const part = this.part(({ kind }) => kind === 'anon');
    if (!part) return;
    const { page, pages, cell } = part;
    this.say('protect', page, pages, cell.writable ? 0 : 1);
    for (let i = 0; i < pages; i++)
      this.world.cells[page + i] = { ...this.world.cells[page + i]!, writable: !cell.writable };
  }

  private transfer(): void {
    const part = this.part(({ writable }) => writable, 4);
    if (part) this.say(this.random() < 0.5 ? 'fill' : 'store', part.page, part.pages);
  }

  private transferObject(): void {
    const part = this.part(({ writable, kind }) => writable && kind === 'anon', 1);
    const [object, size] = [...this.world.objects][0] ?? [];
    if (!part || object === undefined) return;
    this.say(this.random() < 0.5 ? 'pread' : 'pwrite', part.page, object, this.below(size!));
  }

  private heap(): void {
    if (this.threads) return;
    const pages = this.below(HEAP_PAGES);
    this.say('heap', pages);
    this.world.heap = pages;
  }
}

/**
 * A random script for the interpreter: maps, accesses, drops, moves, protects, forks, threads, shares, reads and writes files.
 *
 * @param seed the same one is the same script
 */
export function recordScript(seed: number, operations = 150): string {
  return new Drawer(seed).draw(operations);
}
