import type { BlockBuilder } from '../../harness/trace/block.js';

/** First page of the first segment: 64 GiB, away from page 0. */
const BASE = 2 ** 24;
/** The space of the browser, where it maps segments. */
export const BROWSER = 1;

/** Memory that holds an image, or several small ones. */
export interface Segment {
  /** Of its contents: without the first page that the browser writes. */
  readonly page: number;
  readonly pages: number;
  /** Unlike those of the tab's other segments; a later tab in the same place uses the names again. */
  readonly name: string;
}

export interface SegmentOptions {
  /** Whether segments are shared memory or anonymous. */
  readonly shared: boolean;
  /** Whether the browser maps them too. */
  readonly browser: boolean;
  /** Whether a tab keeps its segments and discards what they hold. */
  readonly reuse: boolean;
}

/** Addresses, each used once: a policy that still knew what lay there before would take new contents for it. */
export class Addresses {
  private next = BASE;

  take(pages: number): number {
    const page = this.next;
    this.next += pages;
    return page;
  }
}

/** The segments of one tab's process. */
export class Segments {
  /** Numbers that names were made of: a closed tab's may come again. */
  private named = 0;
  private readonly free: Segment[] = [];

  constructor(
    private readonly builder: BlockBuilder,
    private readonly space: number,
    private readonly name: string,
    private readonly options: SegmentOptions,
    private readonly addresses: Addresses,
  ) {}

  /** A segment of a size: a free one, or a new one. At most 5 events. */
  take(nowUs: number, pages: number): Segment {
    const at = this.free.findIndex((segment) => segment.pages === pages);
    return at < 0 ? this.map(nowUs, pages) : this.free.splice(at, 1)[0]!;
  }

  /** The tab of these segments, all that are taken, is closed. At most 2 events a segment. */
  release(nowUs: number, segments: readonly Segment[]): void {
    const { builder, space, options } = this;
    if (options.reuse) {
      for (const { page, pages: count } of segments) builder.add(nowUs, 'discard', { space, page, count });
      this.free.push(...segments);
      return;
    }
    for (const { page, pages } of segments) {
      const range = { page: page - this.head, count: pages + this.head };
      builder.add(nowUs, 'unmap', { space, ...range });
      if (options.browser) builder.add(nowUs, 'unmap', { space: BROWSER, ...range });
    }
    this.named = 0;
  }

  /** Pages before the contents. */
  private get head(): number {
    return this.options.browser ? 1 : 0;
  }

  private map(nowUs: number, pages: number): Segment {
    const { builder, space, options, head } = this;
    const name = `${this.name}.${++this.named}`;
    const count = head + pages;
    const range = { page: this.addresses.take(count), count };
    if (options.shared) {
      builder.add(nowUs, 'object', { count, text: `shmem:${name}` });
      if (options.browser) {
        builder.add(nowUs, 'map', { space: BROWSER, ...range, text: `shared:${name}@0` });
        builder.addTouch(nowUs, true, BROWSER, range.page, 1);
      }
      builder.add(nowUs, 'map', { space, ...range, text: `shared:${name}@0` });
      builder.add(nowUs, 'close', { text: name });
    } else builder.add(nowUs, 'map', { space, ...range, text: 'anon' });
    return { page: range.page + head, pages, name };
  }
}
