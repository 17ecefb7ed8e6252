import { isAnonPage, isMerged } from '../entries/entry.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import { ContentIndex } from './content-index.js';
import { NONE } from './content-table.js';
import { makeMerged, mergeInto, type Place } from './merge.js';
import type { MergeIndex } from './merge-index.js';
import type { MergeStrategy } from './strategy.js';

/** A mapping of a page, as the reverse map found it. */
interface Mapping extends Place {
  readonly vpn: number;
}

/**
 * Merges equal mergeable pages without a scanner: each page is compared with all others right after it was touched, and
 * after the event that made it in another way. So no two mergeable pages are equal at the end of an event, and while an
 * event touches a range at most one page too many is in memory: means, ends and peaks of memory are those of the bound
 * (a peak may be one page above). Costs nothing but the copy-on-write faults that writes to merged pages are.
 */
export class Instant implements MergeStrategy {
  readonly scans = false;
  readonly everyTouch = this;
  /** The ideal costs the kernel nothing, and has no page that changes too often. */
  readonly metadataBytes = 0;
  readonly pagesVolatile = 0;
  /** Unmerged pages by content. What has changed since is found out when it is looked at. */
  private readonly unmerged = new ContentIndex();
  private readonly newSpaces: Space[] = [];
  private readonly newVpns: number[] = [];

  constructor(
    private readonly state: State,
    private readonly index: MergeIndex,
  ) {}

  get bytes(): number {
    return this.unmerged.bytes;
  }

  /** A page has come to an address: it is looked at when the touch, or the event, is over. */
  came(space: Space, vpn: number): void {
    this.newSpaces.push(space);
    this.newVpns.push(vpn);
  }

  /** All pages of [start, end) of a VMA have come. */
  rangeCame(vma: Vma, start: number, end: number): void {
    eachUsedEntry(this.state, vma, start, end, (_, vpn) => this.came(vma.space, vpn));
    this.eventEnded();
  }

  /** What is written is looked at after the touch. */
  written(): void {}

  fileRead(): void {}

  /** A page was touched. */
  touched(space: Space, vpn: number): void {
    this.mergeAt(space, vpn);
    this.eventEnded();
  }

  /** Merges what has come. */
  eventEnded(): void {
    for (let i = 0; i < this.newVpns.length; i++) this.mergeAt(this.newSpaces[i]!, this.newVpns[i]!);
    this.newSpaces.length = 0;
    this.newVpns.length = 0;
  }

  get pagesShared(): number {
    return this.mergedPages().shared;
  }

  get pagesSharing(): number {
    return this.mergedPages().sharing;
  }

  /** Merged pages in use, and further mappings of them, from the nodes: the index counts items only. */
  private mergedPages(): { shared: number; sharing: number } {
    const { nodes } = this.index;
    const { pages, frames } = this.state;
    let shared = 0;
    let sharing = 0;
    for (let node = 0; node < nodes.high; node++) {
      const page = nodes.page[node]!;
      const mappings = page === NONE ? 0 : frames.mapcount[pages.location[page]!]!;
      if (mappings > 0) shared++;
      sharing += Math.max(0, mappings - 1);
    }
    return { shared, sharing };
  }

  private mergeAt(space: Space, vpn: number): void {
    const m = this.state;
    const at = space.directory.entry(vpn);
    const entry = at < 0 ? 0 : m.tables.get(at);
    const page = entry >>> PTE_SHIFT;
    if ((entry & PTE.present) === 0 || page === ZERO_PAGE || !isAnonPage(m, page) || isMerged(m, page))
      return;
    if (m.pins.has(page)) return;
    if (!space.find(vpn)?.has(VM.mergeable)) return;
    const content = m.pages.contents.get(page);
    const node = this.nodeFor(page, content);
    if (node === NONE) {
      this.unmerged.set(page, content);
      return;
    }
    // It may have gone as a page of zeros, when the folio that it was part of was split for the other page.
    if (m.tables.get(at) >>> PTE_SHIFT !== page) return;
    this.unmerged.remove(page);
    for (const mapping of this.mappingsOf(page)) if (mapping.vma.has(VM.mergeable)) this.merge(mapping, node);
  }

  /** The node of a content, made from another page that has it, if there is one. */
  private nodeFor(page: number, content: number): number {
    const node = this.index.nodes.find(content);
    if (node !== NONE) return node;
    for (let other = this.unmerged.find(content); other !== NONE; other = this.unmerged.find(content)) {
      if (other === page) return NONE;
      this.unmerged.remove(other);
      const made = this.nodeFrom(other, content);
      if (made !== NONE) return made;
    }
    return NONE;
  }

  private nodeFrom(page: number, content: number): number {
    const m = this.state;
    if (m.pages.resident[page] === 0 || !isAnonPage(m, page) || m.pages.contents.get(page) !== content)
      return NONE;
    if (m.pins.has(page)) return NONE;
    // A child that forked before may map the page where it is not mergeable: it finds a merged page there, as with ksmd.
    const mappings = this.mappingsOf(page).filter(({ vma }) => vma.has(VM.mergeable));
    const [first] = mappings;
    if (!first) return NONE;
    const node = makeMerged(m, this.index, first);
    for (const mapping of mappings) this.merge(mapping, node);
    return node;
  }

  private mappingsOf(page: number): Mapping[] {
    const { rmap, pages } = this.state;
    rmap.walk(pages.location[page]!);
    return Array.from({ length: rmap.length }, (_, i) => ({
      vma: rmap.vmas[i]!,
      at: rmap.entries[i]!,
      vpn: rmap.vpns[i]!,
      page,
    }));
  }

  private merge(mapping: Mapping, node: number): void {
    const { index } = this;
    const slot = index.mms.of(mapping.vma.space)!;
    const item = index.itemOf(slot, mapping.vpn);
    index.removeFromTree(item);
    mergeInto(this.state, index, item, mapping, node);
  }
}
