import type { BlockBuilder } from '../../harness/trace/block.js';
import type { WorkloadContext } from '../../harness/trace/source.js';
import { AliasTable, shuffled } from '../common/draws.js';
import type { Actor } from '../common/time-queue.js';
import { Addresses, BROWSER, type Segment, type SegmentOptions, Segments } from './segments.js';

/** A tab that is open, and the process it has to itself. */
interface Tab {
  readonly space: number;
  readonly segments: Segments;
  images: Segment[];
}

/** What a user does: opens tabs one after another, then lets others come to front, until all switches are made. */
export class Tabs implements Actor {
  readonly rank = 0;
  nextUs = 0;
  private readonly tabs: Tab[] = [];
  private front: Tab | undefined;
  private switches = 0;
  private readonly popularity: AliasTable;
  /** Tabs by popularity. */
  private readonly byRank: Uint32Array;
  private readonly addresses = new Addresses();
  private readonly options: SegmentOptions;
  private readonly draw: Record<'stay' | 'tab' | 'renew' | 'images', () => number>;

  constructor(
    private readonly builder: BlockBuilder,
    private readonly context: WorkloadContext,
  ) {
    const { values, random } = context;
    const tabs = values.tabs as number;
    this.popularity = new AliasTable(tabs, values.skew as number);
    this.byRank = shuffled(tabs, random('popularity'));
    this.options = {
      shared: values.kind !== 'private',
      browser: values.kind === 'two-process',
      reuse: values.close === 'discard',
    };
    this.draw = {
      stay: random('stay'),
      tab: random('tab'),
      renew: random('renew'),
      images: random('images'),
    };
    if (this.options.browser) builder.add(0, 'spawn', { space: BROWSER, text: 'browser' });
  }

  /** Whether the user has done everything. */
  get done(): boolean {
    return this.nextUs === Number.POSITIVE_INFINITY;
  }

  /** At most 9 events an image, and 2. */
  act(): void {
    const now = this.nextUs;
    const { values } = this.context;
    if (this.tabs.length < (values.tabs as number)) this.show(now, this.open(now), true);
    else if (this.switches === values.switches) {
      this.builder.add(now, 'mark', { text: 'end' });
      this.nextUs = Number.POSITIVE_INFINITY;
      return;
    } else {
      this.switches++;
      this.show(now, this.other(), this.draw.renew() < (values.renew as number));
    }
    this.nextUs =
      now + Math.max(1, Math.round(-Math.log(1 - this.draw.stay()) * (values.stay_s as number) * 1e6));
  }

  private open(nowUs: number): Tab {
    const number = this.tabs.length + 1;
    const space = BROWSER + number;
    const name = `tab-${number}`;
    this.builder.add(nowUs, 'spawn', { space, text: name });
    const segments = new Segments(this.builder, space, name, this.options, this.addresses);
    const tab = { space, segments, images: [] };
    this.tabs.push(tab);
    return tab;
  }

  /** The tab that comes to front: by popularity, but not the one that is there. */
  private other(): Tab {
    for (;;) {
      const tab = this.tabs[this.byRank[this.popularity.draw(this.draw.tab)]!]!;
      if (tab !== this.front) return tab;
    }
  }

  /** @param renewed whether it is a new tab, whose images are yet to be decoded */
  private show(nowUs: number, tab: Tab, renewed: boolean): void {
    const { builder } = this;
    if (this.front) this.hide(nowUs, this.front);
    this.front = tab;
    if (renewed) {
      tab.segments.release(nowUs, tab.images);
      tab.images = this.decode(nowUs, tab);
      return;
    }
    for (const { page, pages: count } of tab.images) {
      builder.add(nowUs, 'pin', { space: tab.space, page, count });
      builder.addTouch(nowUs, false, tab.space, page, count);
    }
  }

  private hide(nowUs: number, tab: Tab): void {
    for (const { page, pages: count, name } of tab.images) {
      const text = `regen_ns=${count * (this.context.values.regen_ns_per_page as number)} id=${name}`;
      this.builder.add(nowUs, 'unpin', { space: tab.space, page, count, text });
    }
  }

  private decode(nowUs: number, tab: Tab): Segment[] {
    const { values } = this.context;
    const spread = values.spread as number;
    const around = Math.floor(this.draw.images() * (2 * spread + 1)) - spread;
    const number = Math.max(1, (values.images as number) + around);
    return Array.from({ length: number }, () => {
      const small = this.draw.images() < (values.small as number);
      const segment = tab.segments.take(nowUs, (small ? values.small_pages : values.image_pages) as number);
      this.builder.addTouch(nowUs, true, tab.space, segment.page, segment.pages);
      return segment;
    });
  }
}
