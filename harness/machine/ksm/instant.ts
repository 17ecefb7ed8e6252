import { isAnonPage, isMerged } from '../entries/entry.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import type { Machine } from '../machine.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import { VM, type Vma } from '../state/vma.js';
import { ContentIndex } from './content-index.js';
import { NONE } from './items.js';
import { makeMerged, mergeInto, type Place } from './merge.js';
import type { Tracking } from './tracking.js';

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
export class Instant {
  /** Unmerged pages by content. What has changed since is found out when it is looked at. */
  private readonly unmerged = new ContentIndex();
  private readonly newSpaces: Space[] = [];
  private readonly newVpns: number[] = [];

  constructor(
    private readonly machine: Machine,
    private readonly tracking: Tracking,
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
    eachUsedEntry(this.machine, vma, start, end, (_, vpn) => this.came(vma.space, vpn));
    this.flush();
  }

  /** A page was touched. */
  touched(space: Space, vpn: number): void {
    this.mergeAt(space, vpn);
    this.flush();
  }

  /** Merges what has come. */
  flush(): void {
    for (let i = 0; i < this.newVpns.length; i++) this.mergeAt(this.newSpaces[i]!, this.newVpns[i]!);
    this.newSpaces.length = 0;
    this.newVpns.length = 0;
  }

  private mergeAt(space: Space, vpn: number): void {
    const m = this.machine;
    const at = space.directory.entry(vpn);
    const entry = at < 0 ? 0 : m.tables.entries[at]!;
    const page = entry >>> PTE_SHIFT;
    if ((entry & PTE.present) === 0 || page === ZERO_PAGE || !isAnonPage(m, page) || isMerged(m, page))
      return;
    if (!space.find(vpn)?.has(VM.mergeable)) return;
    const content = m.pages.contents.get(page);
    const node = this.nodeFor(page, content);
    if (node === NONE) {
      this.unmerged.set(page, content);
      return;
    }
    this.unmerged.remove(page);
    for (const mapping of this.mappingsOf(page)) if (mapping.vma.has(VM.mergeable)) this.merge(mapping, node);
  }

  /** The node of a content, made from another page that has it, if there is one. */
  private nodeFor(page: number, content: number): number {
    const node = this.tracking.nodes.find(content);
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
    const m = this.machine;
    if (m.pages.resident[page] === 0 || !isAnonPage(m, page) || m.pages.contents.get(page) !== content)
      return NONE;
    // A child that forked before may map the page where it is not mergeable: it finds a merged page there, as with ksmd.
    const mappings = this.mappingsOf(page).filter(({ vma }) => vma.has(VM.mergeable));
    const [first] = mappings;
    if (!first) return NONE;
    const node = makeMerged(m, this.tracking, first);
    for (const mapping of mappings) this.merge(mapping, node);
    return node;
  }

  private mappingsOf(page: number): Mapping[] {
    const { rmap, pages } = this.machine;
    rmap.walk(pages.place[page]!);
    return Array.from({ length: rmap.length }, (_, i) => ({
      vma: rmap.vmas[i]!,
      at: rmap.entries[i]!,
      vpn: rmap.vpns[i]!,
      page,
    }));
  }

  private merge(mapping: Mapping, node: number): void {
    const { tracking } = this;
    const slot = mapping.vma.space.ksm!;
    const item = tracking.itemOf(slot, mapping.vpn);
    tracking.unfile(item);
    mergeInto(this.machine, tracking, item, mapping, node);
  }
}
