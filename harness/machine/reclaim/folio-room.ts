import type { ReclaimPolicy } from '../../policy/reclaim/contract.js';
import type { Folio } from '../memory/folios.js';
import { objectAt } from '../object/lifetime.js';
import type { State } from '../state/state.js';
import type { Group } from './cgroup/group.js';
import type { GroupReclaim } from './cgroup/group-reclaim.js';

/** What bringing a folio in asks of reclaim. */
interface Charger {
  readonly policy: ReclaimPolicy;
  /** Undefined where there are no memory cgroups. */
  readonly groups: GroupReclaim | undefined;
  /** The page that is being given a frame; -1 for none. */
  incoming: number;
  /** Pages in use beyond the limit. */
  readonly excess: number;
  /** Frees a page at least. Returns false when none can go. */
  makeRoom(): boolean;
  couldGo(page: number): boolean;
  admit(page: number, evictable: boolean): void;
}

/** The policy, where it wants to hear of every touch: that of a page in a folio is the folio's. */
export function listenerFor(
  m: State,
  policy: ReclaimPolicy,
): Required<Pick<ReclaimPolicy, 'touch'>> | undefined {
  if (!policy.touch) return undefined;
  const listener = policy as Required<Pick<ReclaimPolicy, 'touch'>>;
  const folios = m.huge?.folios;
  return folios ? { touch: (page) => listener.touch(folios.headOf(page)) } : listener;
}

/** Tells a policy how large the folios are that its ids stand for, where there can be some. */
export function takePart(m: State, policy: ReclaimPolicy): void {
  const folios = m.huge?.folios;
  if (folios) policy.foliosBegin?.((id) => folios.sizeOf(id));
}

/** See `ReclaimHooks.bringInFolio`. */
export function bringInFolio(
  m: State,
  charger: Charger,
  folio: Folio,
  how: {
    readonly object: number;
    readonly index: number;
    readonly mayReclaim: boolean;
    readonly made: (folio: Folio) => void;
  },
): 'nothing' | 'frames' | 'charge' {
  const { frames, pages, zone } = m;
  const { head, size, order } = folio;
  const { groups } = charger;
  const evictable = charger.couldGo(head);
  const group = groups?.cgroups.assign(head, folio.space);
  if (evictable) charger.policy.miss?.(head);
  if (group) for (const page of folio.pages) groups!.cgroups.assign(page, folio.space);
  charger.incoming = head;
  const charged = hasRoomFor(m, charger, size, group, how.mayReclaim);
  charger.incoming = -1;
  if (!charged) return 'charge';
  // There is no compaction: reclaim makes no blocks.
  if (zone && zone.free - size <= zone.watermarks.low) return 'frames';
  const block = frames.allocateBlock(folio.pages, order, how.object, how.index);
  if (!block) return 'frames';
  folio.pages.forEach((page, i) => {
    pages.setFrame(page, block[i]!);
  });
  if (group) for (const page of folio.pages) groups!.charge(page, group);
  how.made(folio);
  charger.admit(head, evictable);
  return 'nothing';
}

/** Whether pages can be charged, after reclaim where it may: that is a stall. */
function hasRoomFor(
  m: State,
  charger: Charger,
  size: number,
  group: Group | undefined,
  mayReclaim: boolean,
): boolean {
  const makeRoom = () => mayReclaim && charger.makeRoom();
  m.ledger.enterMemstall();
  try {
    if (group && !charger.groups!.hasRoomFor(group, size, makeRoom)) return false;
    while (charger.excess + size > 0) if (!makeRoom()) return false;
    return true;
  } finally {
    m.ledger.leaveMemstall();
  }
}

/** Pages of what was a folio that stay in memory: those that an entry maps still, or all that an object has within its size. */
export function stayingPages(m: State, folio: Folio): number[] {
  const { frames, pages } = m;
  const frameOf = (page: number) => pages.location[page]!;
  if (!folio.shared) return [...folio.pages].filter((page) => frames.mapcount[frameOf(page)]! > 0);
  const { size } = objectAt(m, frameOf(folio.head));
  return [...folio.pages].filter((page) => frames.index[frameOf(page)]! < size);
}

/** Pages of a folio that was split take its place. */
export function splitInPolicy(m: State, policy: ReclaimPolicy, folio: Folio): void {
  const tails = stayingPages(m, folio).filter((page) => page !== folio.head);
  if (policy.splitFolio) policy.splitFolio(folio.head, tails, folio.size);
  else for (const tail of tails) policy.insert(tail);
}
