import { InputError, type Place } from '../base/errors.js';
import type { EventBlock, StringTable } from './block.js';
import { HAS, OP } from './op.js';

/** A request or event of up to this number of pages (2 MiB) is an ordinary one. */
export const ORDINARY_PAGES = 512;
/** By default: 32 GiB. mrc takes some 110 bytes for each of as many distinct pages, replay some 70. */
const MOST_PAGES = 2 ** 23;
/** Pages that were touched before take time, but no memory: there may be this many times as many touches. */
const TOUCHES_A_PAGE = 4;

/** What makes pages of a mapping or range resident at once, in the arguments of `map` and `madvise`. */
const POPULATES =
  /(^| )(populate|locked)( |$)|^MADV_(POPULATE_READ|POPULATE_WRITE|WILLNEED|GUARD_INSTALL)( |$)/;
/** What an argument of `remap` begins with that grows a mapping. */
const GROWS = 'grow=';

let mostPages = MOST_PAGES;

/** Sets how many pages the large requests or events of a file may touch in all (`--max-pages`), for this process. */
export function limitLargePages(pages: number): void {
  mostPages = pages;
}

/**
 * What the large requests or events of one file touch: beyond `ORDINARY_PAGES` each, up to a number in all. One damaged or
 * hostile field makes a line of some bytes stand for 2^52 pages, which nothing ends in time or memory; ordinary ones
 * take no more than their number allows.
 */
export class PageBudget {
  private left = mostPages;
  private touchesLeft = mostPages * TOUCHES_A_PAGE;
  /** How many pages large reads and writes touched from where they begin, by space and page. */
  private readonly touched = new Map<string, number>();
  /** By space: pages of its mappings, at most, without those that nothing may access. mlockall makes them resident. */
  private readonly mapped = new Map<number, number>();
  /** Spaces whose mappings are locked, and so made resident, as they come (MCL_FUTURE). */
  private readonly lockers = new Set<number>();
  /** Whether there is an object whose pages are mapped with it (VM_PFNMAP): maps of objects are then taken for its own. */
  private linear = false;

  /**
   * @param again how many of the pages were touched before
   * @throws InputError where a request or event is one too many
   */
  take(pages: number, place: () => Place, again = 0): void {
    const large = Math.max(0, pages - ORDINARY_PAGES);
    this.touchesLeft -= large;
    this.left -= Math.max(0, large - again);
    if (this.left >= 0 && this.touchesLeft >= 0) return;
    throw new InputError(
      `with ${pages} pages here, requests or events of over ${ORDINARY_PAGES} pages touch more than ${this.left < 0 ? mostPages : `${mostPages * TOUCHES_A_PAGE} with those touched before`} in all; if that is meant, raise --max-pages`,
      place(),
    );
  }

  /** @throws InputError at the first event of a block that is one too many */
  takeBlock(block: EventBlock, strings: StringTable, file: string): void {
    const { count, length } = block;
    const placeOf = (row: number): Place => ({ file, line: block.firstLine + row });
    for (let row = 0; row < length; row++) {
      if (block.op[row] === OP.remap) this.takeGrowth(strings.text(block.text[row]!), () => placeOf(row));
      else if (block.op[row] === OP.mlockall)
        this.takeAll(block.space[row]!, strings.text(block.text[row]!), () => placeOf(row));
      else if (block.op[row] === OP.munlockall) this.lockers.delete(block.space[row]!);
      if (count[row]! > ORDINARY_PAGES) this.noteMapped(block, row, strings);
      const pages = Math.abs(count[row]!);
      if (pages > ORDINARY_PAGES && this.touches(block, row, strings))
        this.take(pages, () => placeOf(row), this.touchedBefore(block, row, pages));
    }
  }

  /** How many pages of a large read or write one before it touched from the same page on. */
  private touchedBefore({ op, space, page }: EventBlock, row: number, pages: number): number {
    if (op[row] !== OP.read && op[row] !== OP.write) return 0;
    const key = `${space[row]}:${page[row]}`;
    const before = this.touched.get(key) ?? 0;
    if (pages > before) this.touched.set(key, pages);
    return Math.min(pages, before);
  }

  /** What spaces map, as far as large events say. */
  private noteMapped({ op, space, count, text }: EventBlock, row: number, strings: StringTable): void {
    const id = space[row]!;
    const before = this.mapped.get(id) ?? 0;
    if (op[row] === OP.map) this.mapped.set(id, before + count[row]!);
    else if (op[row] === OP.unmap || (op[row] === OP.protect && strings.text(text[row]!) === 'none'))
      this.mapped.set(id, Math.max(0, before - count[row]!));
  }

  /** mlockall makes all mappings resident, now or as they come. */
  private takeAll(space: number, arg: string, place: () => Place): void {
    this.lockers.delete(space);
    if (arg.includes('onfault')) return;
    if (arg.includes('future')) this.lockers.add(space);
    if (arg.includes('current')) this.take(this.mapped.get(space) ?? 0, place);
  }

  /** A mapping that is locked grows by pages that are there at once. */
  private takeGrowth(arg: string, place: () => Place): void {
    if (arg.startsWith(GROWS)) this.take(Number(arg.slice(GROWS.length)), place);
  }

  /** Whether an event is about each of its pages, not about a range whose pages may all be absent. */
  private touches({ op, space, fields, text }: EventBlock, row: number, strings: StringTable): boolean {
    const arg = fields[row]! & HAS.text ? strings.text(text[row]!) : '';
    switch (op[row]) {
      case OP.read:
      case OP.write:
      case OP.pread:
      case OP.pwrite:
      case OP.fallocate:
      case OP['dma-pin']:
      case OP.migrate:
        return true;
      case OP.object:
        this.linear ||= arg.startsWith('pfn:');
        return false;
      case OP.map:
        return POPULATES.test(arg) || this.lockers.has(space[row]!) || (this.linear && arg.includes(':'));
      case OP.lock:
        return arg === '';
      case OP.madvise:
      case OP.process_madvise:
        return POPULATES.test(arg);
      case OP.fadvise:
        return arg.startsWith('willneed:');
      default:
        return false;
    }
  }
}
