import { BlockBuilder, type EventBlock, type EventFields } from '../../block.js';
import type { OpName } from '../../op.js';
import type { Draft, DraftEvent, SegmentMap } from '../calls/drafts.js';
import type { Process } from '../calls/processes.js';
import type { Segment } from '../calls/segments.js';
import type { Image } from './images.js';
import { tabMark } from './tabs.js';

/** What is known of a browser's images before its events are written. */
export interface ImageCache {
  readonly drafts: readonly Draft[];
  /** The image in each segment. */
  readonly images: ReadonlyMap<Segment, Image>;
  /** The mappings through which images are decoded. */
  readonly decodes: readonly SegmentMap[];
  readonly tabs: ReadonlyMap<Process, string>;
  readonly nsPerPage: number;
}

/** A tab: its process, and the images it has. */
interface Tab {
  readonly process: Process;
  readonly images: Image[];
}

/**
 * Writes what a browser would ask of memory if it never dropped an image: images are decoded, unpinned when their tab
 * is hidden, pinned and read when it is shown, and go with the tab's process.
 *
 * Unpin and pin are in the tab's space, and not in the browser's, which makes Chromium's drops: it is the tab's
 * process that unlocks and locks, that has the pages mapped, and that waits while an image is decoded again.
 */
export class CacheWriter {
  readonly builder = new BlockBuilder();
  private readonly decoding: ReadonlySet<Draft>;
  /** Tabs whose process lives, by space. */
  private readonly tabs = new Map<number, Tab>();
  private readonly browsers = new Set<number>();
  /** Images whose objects were declared. */
  private readonly declared = new Set<Image>();
  private visible: Tab | undefined;
  /** Events of the draft that is being written. */
  private readonly pending: [OpName, EventFields][] = [];

  constructor(
    private readonly cache: ImageCache,
    private readonly startUs: number,
  ) {
    this.decoding = new Set(cache.decodes);
  }

  *blocks(): Generator<EventBlock> {
    for (const draft of this.cache.drafts) {
      if (draft.kind === 'segment-map') this.mapped(draft);
      else if (draft.kind === 'event') this.happened(draft);
      for (const [op, fields] of this.pending.splice(0)) {
        if (this.builder.full) yield this.builder.take();
        this.builder.add(draft.timeUs - this.startUs, op, fields);
      }
    }
    if (this.builder.length > 0) yield this.builder.take();
  }

  private add(op: OpName, fields: EventFields): void {
    this.pending.push([op, fields]);
  }

  private mapped(draft: SegmentMap): void {
    const image = this.cache.images.get(draft.segment);
    if (!image) return;
    const first = image.segment === draft.segment;
    if (this.decoding.has(draft)) this.decoded(image, first);
    else if (first && draft.process === draft.segment.creator) this.created(image, draft.process.id);
  }

  /** The browser makes the segment of a new image, maps it, and writes its first page. */
  private created(image: Image, browser: number): void {
    const { name, page, pages: count } = image;
    if (this.declared.has(image)) return;
    this.declared.add(image);
    if (!this.browsers.has(browser)) {
      this.browsers.add(browser);
      this.add('spawn', { space: browser, text: 'browser' });
    }
    this.add('object', { count, text: `shmem:${name}` });
    this.add('map', { space: browser, page, count, text: `shared:${name}@0` });
    this.add('write', { space: browser, page, count: 1 });
  }

  private decoded(image: Image, first: boolean): void {
    const tab = this.tabOf(image.decoder);
    const { name, page, pages: count } = image;
    if (first) {
      const space = tab.process.id;
      this.add('map', { space, page, count, text: `shared:${name}@0` });
      this.add('close', { text: name });
      this.add('write', { space, page, count });
      tab.images.push(image);
    } else {
      this.add('mark', { text: `Chromium decodes ${name} again` });
      if (tab !== this.visible) this.need(image);
    }
    if (tab !== this.visible) this.unpin(image);
  }

  /** The tab of a process; a tab is shown from its first decode on, which is before it is marked as open. */
  private tabOf(process: Process): Tab {
    const known = this.tabs.get(process.id);
    if (known) return known;
    const tab = { process, images: [] };
    this.tabs.set(process.id, tab);
    this.add('spawn', { space: process.id, text: this.cache.tabs.get(process)! });
    this.show(tab);
    return tab;
  }

  private happened({ op, fields, segment }: DraftEvent): void {
    const image = segment && this.cache.images.get(segment);
    if (op === 'pressure') this.add(op, fields);
    else if (op === 'mark') this.marked(fields);
    else if (op === 'discard' && image) this.add('mark', { text: `Chromium drops ${image.name}` });
    else if (op === 'exit') this.ended(fields.space!);
  }

  private marked(fields: EventFields): void {
    this.add('mark', fields);
    const mark = tabMark(fields.text!);
    if (!mark) return;
    for (const tab of this.tabs.values()) if (this.cache.tabs.get(tab.process) === mark.tab) this.show(tab);
  }

  private show(tab: Tab): void {
    if (tab === this.visible) return;
    for (const image of this.visible?.images ?? []) this.unpin(image);
    this.visible = tab;
    for (const image of tab.images) this.need(image);
  }

  private unpin(image: Image): void {
    const range = contents(image);
    const text = `regen_ns=${range.count * this.cache.nsPerPage} id=${image.name}`;
    this.add('unpin', { ...range, text });
  }

  private need(image: Image): void {
    this.add('pin', contents(image));
    this.add('read', contents(image));
  }

  /** A process ends: a tab's images go with it, also from the browser. */
  private ended(space: number): void {
    const tab = this.tabs.get(space);
    if (!tab && !this.browsers.delete(space)) return;
    this.add('exit', { space });
    if (!tab) return;
    this.tabs.delete(space);
    if (this.visible === tab) this.visible = undefined;
    for (const { segment, page, pages: count } of tab.images)
      if (this.browsers.has(segment.creator.id))
        this.add('unmap', { space: segment.creator.id, page, count });
  }
}

/** What Chromium drops of a segment: all but the first page. */
function contents({ decoder, page, pages }: Image) {
  return { space: decoder.id, page: page + 1, count: pages - 1 };
}
