import { type Call, pageRange, type SeenObject } from '../../calls/call.js';
import { callsThatMap } from '../maps-text.js';
import { firstIndex, mappedBy, type SeenObjects } from './objects.js';

/** A call, and the line that ended it. */
export interface PlacedCall {
  readonly call: Call;
  readonly line: number;
}

/** Calls whose argument is a descriptor that may stand for a segment, and which. */
const USED: Readonly<Record<string, number>> = {
  mmap: 4,
  ftruncate: 0,
  fallocate: 0,
  pread64: 0,
  pwrite64: 0,
};
/** Calls that return a descriptor of a file that has a name or contents. */
const OPENED = new Set(['open', 'openat', 'openat2', 'creat', 'memfd_create']);
const DUPLICATED = new Set(['dup', 'dup2', 'dup3']);
const FOREVER = Number.POSITIVE_INFINITY;
/** New mappings are looked at sooner than this. */
const LOOKED_AFTER_US = 1_000_000;

/** Which threads are of one process. */
class Groups {
  private readonly leaders = new Map<number, number>();
  private readonly members = new Map<number, number[]>();

  constructor(placed: readonly PlacedCall[]) {
    for (const { call } of placed) {
      if (call.name !== 'clone' || !call.args.join().includes('CLONE_THREAD')) continue;
      const leader = this.leaderOf(call.thread);
      this.leaders.set(call.result, leader);
      this.members.set(leader, [...(this.members.get(leader) ?? [leader]), call.result]);
    }
  }

  leaderOf(thread: number): number {
    return this.leaders.get(thread) ?? thread;
  }

  threadsWith(thread: number): readonly number[] {
    const leader = this.leaderOf(thread);
    return this.members.get(leader) ?? [leader];
  }
}

/** When numbers of descriptors came to stand for something else. */
class Changes {
  private readonly times = new Map<string, number[]>();
  private readonly ofAll = new Map<number, number[]>();

  constructor(placed: readonly PlacedCall[], groups: Groups) {
    for (const { call } of placed) {
      const process = groups.leaderOf(call.thread);
      if (call.name === 'close_range' || call.name === 'execve') this.add(this.ofAll, process, call.timeUs);
      const fd = changed(call);
      if (fd !== undefined) this.add(this.times, `${process} ${fd}`, call.timeUs);
    }
  }

  /** The time around a call through which a descriptor of its process was the same. */
  around(process: number, fd: number, timeUs: number): readonly [fromUs: number, toUs: number] {
    let [from, to] = [0, FOREVER];
    for (const times of [this.times.get(`${process} ${fd}`), this.ofAll.get(process)]) {
      if (!times) continue;
      const after = firstIndex(times.length, (i) => times[i]! > timeUs);
      from = Math.max(from, times[after - 1] ?? 0);
      to = Math.min(to, times[after] ?? FOREVER);
    }
    return [from, to];
  }

  private add<K>(lists: Map<K, number[]>, key: K, time: number): void {
    const list = lists.get(key);
    if (list) list.push(time);
    else lists.set(key, [time]);
  }
}

/** The descriptor that a call made stand for something else. */
function changed({ name, args, result }: Call): number | undefined {
  if (!(result >= 0)) return undefined;
  if (name === 'close') return Number(args[0]);
  const returns = OPENED.has(name) || DUPLICATED.has(name) || (args[1] ?? '').startsWith('F_DUPFD');
  return returns ? result : undefined;
}

/** Completes the calls of a recording by what was looked up while it was made. */
export class LookUp {
  private readonly groups: Groups;
  private readonly changes: Changes;

  /** @param placed in order */
  constructor(
    private readonly placed: readonly PlacedCall[],
    private readonly seen: SeenObjects,
  ) {
    this.groups = new Groups(placed);
    this.changes = new Changes(placed, this.groups);
  }

  /** The calls with what their descriptors stand for, and with those that map what a new program has from the start. */
  complete(): PlacedCall[] {
    return this.placed.flatMap(({ call, line }, i) => {
      const object = this.objectOf(call, i);
      const known = object ? { ...call, objects: new Map([object]) } : call;
      return [{ call: known, line }, ...(call.name === 'execve' ? this.began(call, i, line) : [])];
    });
  }

  private objectOf(call: Call, index: number): readonly [fd: number, SeenObject] | undefined {
    if (!(call.result >= 0)) return undefined;
    const argument = USED[call.name];
    const fd =
      argument !== undefined ? Number(call.args[argument]) : OPENED.has(call.name) ? call.result : -1;
    if (!(fd >= 0)) return undefined;
    const threads = this.groups.threadsWith(call.thread);
    const [from, to] = this.changes.around(this.groups.leaderOf(call.thread), fd, call.timeUs);
    const object = this.seen.descriptor(threads, fd, from, to) ?? this.mapped(call, index, threads);
    return object && [fd, object];
  }

  /** What a mapping is of, by how it looked before something else was mapped there. */
  private mapped(call: Call, index: number, threads: readonly number[]): SeenObject | undefined {
    const range = mappedBy(call);
    if (call.name !== 'mmap' || !range || !(call.args[3] ?? '').startsWith('MAP_SHARED')) return undefined;
    let until = FOREVER;
    for (let i = index + 1; i < this.placed.length && until === FOREVER; i++) {
      const { call: other } = this.placed[i]!;
      if (threads.includes(other.thread) && replaces(other, range.start)) until = other.timeUs;
      else if (other.timeUs > call.timeUs + LOOKED_AFTER_US) until = other.timeUs;
    }
    return this.seen.mappingAt(threads, range.start, call.timeUs, until);
  }

  /** Calls of a process after one that had begun by a time: those that had ended, and of each thread the next one, which may run. */
  private callsBegunBefore(index: number, timeUs: number): Call[] {
    const threads = new Set(this.groups.threadsWith(this.placed[index]!.call.thread));
    const calls: Call[] = [];
    for (let i = index + 1; i < this.placed.length && threads.size > 0; i++) {
      const { call } = this.placed[i]!;
      if (call.timeUs > timeUs + LOOKED_AFTER_US) break;
      if (!threads.has(call.thread)) continue;
      calls.push(call);
      if (call.timeUs > timeUs) threads.delete(call.thread);
    }
    return calls;
  }

  /** What the kernel maps when a program begins: what it has then and no call has mapped. */
  private began(exec: Call, index: number, line: number): PlacedCall[] {
    const { untilUs, maps } = this.seen.mapsAfter(exec.thread, exec.timeUs);
    const since = this.callsBegunBefore(index, untilUs);
    if (since.some(({ name }) => name === 'execve')) return [];
    const mapped = since.flatMap((call) => mappedBy(call) ?? []);
    const first = maps.filter(
      ({ start, end, path }) =>
        path !== '[heap]' && !mapped.some((range) => range.start < end && start < range.end),
    );
    return callsThatMap(exec, first).map((call) => ({ call, line }));
  }
}

/** Whether a call ends or replaces what is mapped at a page. */
function replaces(call: Call, page: number): boolean {
  const range = call.name === 'munmap' ? pageRange(call, 0, 1) : mappedBy(call);
  return range !== undefined && range.start <= page && page < range.end;
}
