import type { OpName } from '../../op.js';

/** Texts of mappings of objects. */
const SHARED = /^(shared:|anon-shared)/;

/** What a page of a mapping may be used for. */
export type Use = 'none' | 'read' | 'write';

/** What a mapping is, as far as accesses are concerned. */
interface Nature {
  readonly use: Use;
  /** Whether it is of an object that others may map: a segment, or shared anonymous memory. */
  readonly shared: boolean;
}

interface Region extends Nature {
  readonly start: number;
  readonly end: number;
}

/** The fields of an event that change what is mapped. */
export interface MapFields {
  readonly page?: number | undefined;
  readonly count?: number | undefined;
  readonly text?: string | undefined;
}

/** What a space has mapped, by the events of a trace: as the machine will have it when an access comes. */
export class Regions {
  private list: readonly Region[] = [];

  copy(): Regions {
    const copy = new Regions();
    copy.list = this.list;
    return copy;
  }

  /** What a page may be used for; undefined where nothing is mapped. */
  useOf(page: number): Use | undefined {
    return this.at(page)?.use;
  }

  /** Whether a page is mapped of an object. */
  isShared(page: number): boolean {
    return this.at(page)?.shared ?? false;
  }

  private at(page: number): Region | undefined {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle]!.end > page) high = middle;
      else low = middle + 1;
    }
    const region = this.list[low];
    return region && region.start <= page ? region : undefined;
  }

  /** Applies an event of the space; others than those of mappings change nothing. */
  apply(op: OpName, { page = 0, count = 0, text = '' }: MapFields): void {
    const end = page + count;
    if (op === 'map')
      this.put(page, end, { use: / ro\b/.test(text) ? 'read' : 'write', shared: SHARED.test(text) });
    else if (op === 'unmap') this.put(page, end, undefined);
    else if (op === 'protect') this.protect(page, end, text);
    else if (op === 'remap') this.remap(page, count, text);
  }

  private protect(start: number, end: number, text: string): void {
    const use: Use = text === 'none' ? 'none' : text.startsWith('ro') ? 'read' : 'write';
    for (const { shared, ...part } of this.within(start, end))
      this.put(part.start, part.end, { use, shared });
  }

  private remap(page: number, count: number, text: string): void {
    const [, how, number] = /^(to|grow)=(\d+)/.exec(text) ?? [];
    if (how === 'grow') {
      this.put(page + count, page + count + Number(number), this.at(page + count - 1));
      return;
    }
    const moved = this.within(page, page + count);
    this.put(page, page + count, undefined);
    const by = Number(number) - page;
    for (const { start, end, ...nature } of moved) this.put(start + by, end + by, nature);
  }

  private within(start: number, end: number): Region[] {
    return this.list
      .filter((region) => region.end > start && region.start < end)
      .map((region) => ({
        ...region,
        start: Math.max(region.start, start),
        end: Math.min(region.end, end),
      }));
  }

  private put(start: number, end: number, nature: Nature | undefined): void {
    if (start >= end) return;
    const list = this.list.flatMap((region) => {
      if (region.end <= start || region.start >= end) return [region];
      return [
        ...(region.start < start ? [{ ...region, end: start }] : []),
        ...(region.end > end ? [{ ...region, start: end }] : []),
      ];
    });
    if (nature) {
      const after = list.findIndex((region) => region.start >= end);
      list.splice(after < 0 ? list.length : after, 0, { ...nature, start, end });
    }
    this.list = list;
  }
}
