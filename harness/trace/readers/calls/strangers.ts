import { PAGE_BYTES } from '../../../base/page.js';
import { type Call, pageRange, pages, type Range, type Relation } from './call.js';
import { Maps } from './maps.js';
import { CLONES } from './processes.js';

/** Calls that act on memory which is mapped. */
const TOUCHING = new Set(['munmap', 'mremap', 'mprotect', 'pkey_mprotect', 'madvise', 'mlock', 'mlock2']);

/** Memory of which only the place matters. */
const PLACE = { backing: { kind: 'anon' }, offset: 0 } as const;

/** Calls of other threads that may be written before the end of a munmap that ran with them. */
const IN_FLIGHT = 64;

/** Memory that two units map at the same place, unless it turns out that the other one was unmapping it. */
interface Overlap extends Range {
  readonly unit: Unit;
  readonly other: Unit;
  /** Number of the call after which it counts. */
  readonly until: number;
}

/** Threads that are known to be of one process. */
interface Unit {
  /** The least of their ids: of a process that did not begin them in the log, most often its own. */
  readonly id: number;
  readonly maps: Maps;
  /** Where it unmapped something, until it maps there again. */
  readonly freed: Maps;
  /** Units whose memory it acted on though it has not mapped it. */
  readonly met: Set<Unit>;
  /** Units that map other memory at the same place. */
  readonly distinct: Set<Unit>;
}

/**
 * Says what threads are whose beginning is not in a log: strace -p, or -e trace without clone. Threads of one
 * process act on what the others mapped and map what is next to it, and never what another has mapped; without such a
 * sign each is a process of its own. A child of which SIGCHLD tells is a fork.
 *
 * @param children parents of the processes of which a signal says that they ended
 * @param attached the one process that strace attached to at first, if it says so
 * @returns relations by thread, for those that are not processes of their own
 */
export function relateStrangers(
  calls: readonly Call[],
  children: ReadonlyMap<number, number>,
  attached: number | undefined,
): Map<number, Relation> {
  const relations = new Map<number, Relation>();
  const begun = new Map<number, Call>();
  for (const call of calls) if (CLONES.has(call.name) && call.result > 0) begun.set(call.result, call);
  const first = firstCalls(calls);
  const strangers = [...first.keys()].filter((thread) => !begun.has(thread));
  if (strangers.length < 2) return relations;
  const units = new Units(
    begun,
    calls.some(({ name }) => name === 'munmap'),
  );
  for (const thread of strangers) {
    const parent = children.get(thread);
    const { name, args } = first.get(thread)!;
    const fresh = name === 'execve' || (name === 'brk' && args[0] === 'NULL');
    if (fresh) units.firsts.add(thread);
    else if (parent !== undefined) units.forks.add(thread);
    // Where clone is in the log, the child was there before.
    if (!fresh && parent !== undefined && first.has(parent) && begun.size === 0)
      relations.set(thread, { parentThread: parent, kinship: 'child', sharesFiles: false });
  }
  for (const call of calls) units.follow(call);
  const threads =
    attached !== undefined && begun.size > 0
      ? strangers.filter((id) => id !== attached && !children.has(id)).map((id) => [id, attached] as const)
      : units.threadsOf(strangers);
  for (const [thread, id] of threads)
    relations.set(thread, { parentThread: id, kinship: 'thread', sharesFiles: true });
  return relations;
}

/** The first call of each thread. */
function firstCalls(calls: readonly Call[]): Map<number, Call> {
  const first = new Map<number, Call>();
  for (const call of calls) if (!first.has(call.thread)) first.set(call.thread, call);
  return first;
}

/** The units of a log, and what their calls say of one another. */
class Units {
  private readonly units = new Map<number, Unit>();
  /** Threads that began a program: the first of their processes. */
  readonly firsts = new Set<number>();
  /** Processes with a copy of another's memory: what they act on says nothing. */
  readonly forks = new Set<number>();
  private overlaps: Overlap[] = [];
  private calls = 0;

  /** @param ends whether the log shows when mappings end: without, what is mapped in one place says nothing */
  constructor(
    private readonly begun: ReadonlyMap<number, Call>,
    private readonly ends: boolean,
  ) {}

  follow(call: Call): void {
    const { name, result } = call;
    if (!(result >= 0)) return;
    const touching = TOUCHING.has(name);
    if (!touching && name !== 'mmap') return;
    const unit = this.of(call.thread);
    this.calls++;
    this.settle((overlap) => overlap.until <= this.calls);
    if (touching) this.touch(unit, pageRange(call, 0, 1), name === 'munmap' || name === 'mremap');
    if (name === 'mmap') this.map(unit, place(call, 1), (call.args[3] ?? '').includes('MAP_FIXED'));
    else if (name === 'mremap') this.map(unit, place(call, 2), (call.args[3] ?? '').includes('MREMAP_FIXED'));
  }

  /** Strangers that belong to the process of another one, with the id of that. */
  threadsOf(strangers: readonly number[]): [number, number][] {
    this.settle(() => true);
    const groups = new Map<Unit, Set<Unit>>();
    for (const unit of this.units.values()) groups.set(unit, new Set([unit]));
    for (const unit of this.units.values()) {
      for (const other of unit.met) this.join(groups, unit, other);
    }
    return strangers.flatMap((thread): [number, number][] => {
      const group = groups.get(this.units.get(thread)!);
      if (!group) return [];
      const ids = [...group].map((unit) => unit.id);
      const id = ids.find((member) => this.firsts.has(member)) ?? Math.min(...ids);
      return id === thread ? [] : [[thread, id]];
    });
  }

  private join(groups: Map<Unit, Set<Unit>>, unit: Unit, other: Unit): void {
    const [own, theirs] = [groups.get(unit)!, groups.get(other)!];
    const distinct = [...own].some((a) => [...theirs].some((b) => this.areDistinct(a, b)));
    if (own === theirs || distinct) return;
    for (const member of theirs) {
      own.add(member);
      groups.set(member, own);
    }
  }

  private areDistinct(a: Unit, b: Unit): boolean {
    return a.distinct.has(b) || b.distinct.has(a) || (this.firsts.has(a.id) && this.firsts.has(b.id));
  }

  private of(thread: number): Unit {
    const known = this.units.get(thread);
    if (known) return known;
    const clone = this.begun.get(thread);
    const isThread = clone && clone.thread !== thread && clone.args.join().includes('CLONE_THREAD');
    const unit = isThread
      ? this.of(clone.thread)
      : { id: thread, maps: new Maps(), freed: new Maps(), met: new Set<Unit>(), distinct: new Set<Unit>() };
    this.units.set(thread, unit);
    return unit;
  }

  /** Strangers that may be of the same process. */
  private others(unit: Unit): Unit[] {
    const known = ({ id }: Unit) => this.begun.has(id) || this.forks.has(id);
    if (known(unit)) return [];
    return [...new Set(this.units.values())].filter((other) => other !== unit && !known(other));
  }

  /** Units whose memory has overlapped for long enough are of different processes. */
  private settle(counts: (overlap: Overlap) => boolean): void {
    const due = this.overlaps.filter(counts);
    if (due.length === 0) return;
    for (const { unit, other } of due) unit.distinct.add(other);
    this.overlaps = this.overlaps.filter((overlap) => !due.includes(overlap));
  }

  private touch(unit: Unit, { start, end }: Range, unmaps: boolean): void {
    const own = unit.maps.within(start, end).length > 0;
    if (unmaps)
      this.overlaps = this.overlaps.filter(
        (overlap) => overlap.unit === unit || end <= overlap.start || overlap.end <= start,
      );
    if (unmaps) unit.freed.add({ start, end, ...PLACE });
    if (own && unmaps) unit.maps.remove(start, end);
    if (own) return;
    for (const other of this.others(unit)) {
      if (other.maps.within(start, end).length === 0) continue;
      unit.met.add(other);
      if (unmaps) other.maps.remove(start, end);
    }
  }

  private map(unit: Unit, range: Range, fixed: boolean): void {
    if (fixed) this.touch(unit, range, true);
    else for (const other of this.others(unit)) this.compare(unit, other, range);
    unit.freed.remove(range.start, range.end);
    unit.maps.add({ ...range, ...PLACE });
  }

  /** The kernel maps where nothing is: next to what is there, or where something was. */
  private compare(unit: Unit, other: Unit, { start, end }: Range): void {
    if (other.maps.within(start, end).length > 0) {
      if (this.ends) this.overlaps.push({ unit, other, start, end, until: this.calls + IN_FLIGHT });
      return;
    }
    const reused = unit.freed.within(start, end).length === 0 && other.freed.within(start, end).length > 0;
    if (reused || other.maps.within(start - 1, end + 1).length > 0) unit.met.add(other);
  }
}

/** Where a call mapped memory. @param length which argument is its size in bytes */
function place(call: Call, length: number): Range {
  const start = call.result / PAGE_BYTES;
  return { start, end: start + pages(Number(call.args[length]) || 0, call.place) };
}
