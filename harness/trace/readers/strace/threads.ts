import type { LineAccount } from '../account.js';
import { THREAD_END } from '../calls/call.js';
import { type LoggedCall, type LogItem, threadEnd } from './logged-call.js';

/** The thread of lines that name none; no thread has this id. */
export const UNNAMED = 0;
/** The id of the only thread of a log that never says it. */
const ONLY = 1;

const CLONES = new Set(['clone', 'clone3', 'fork', 'vfork']);
const EXITS = new Set(['exit', 'exit_group']);
const EXECS = new Set(['execve', 'execveat']);

/**
 * Who the lines without a thread are of. On a terminal strace names threads (`[pid N]`) while it traces several, so
 * that the first thread has a name only then, and the one that remains as the last has none again.
 */
export class Threads {
  /** The thread that begins the log, where it is known. */
  private first: number | undefined;
  /** Threads to which strace attached before the first call (-p): those of a process that ran before. */
  private readonly before = new Set<number>();
  private readonly attached = new Set<number>();
  /** Processes that ended, and a thread of the parent of each. */
  readonly children = new Map<number, number>();

  /** strace says that it attached to a thread. @param begun whether calls precede */
  attach(thread: number, begun: boolean): void {
    if (begun) this.attached.add(thread);
    else this.before.add(thread);
  }

  /** The process that strace attached to before the first call, if it is one. */
  get attachedTo(): number | undefined {
    return this.before.size === 1 ? [...this.before][0] : undefined;
  }

  /** SIGCHLD says that a process ended, to a thread of its parent. */
  addChild(child: number, parent: number): void {
    this.children.set(child, parent);
  }

  /** Learns from two halves of a call, of which only one names its thread, whose the other one is. */
  join(thread: number): boolean {
    if (this.attached.has(thread)) return false;
    this.first ??= thread;
    return this.first === thread;
  }

  /** Sets the thread of each call, now that the whole log is known, and adds the ends of threads that strace did not show. */
  resolve(items: readonly LogItem[], account: LineAccount): readonly LogItem[] {
    const ends = items.some(({ name }) => name === THREAD_END);
    if (items.some(({ thread }) => thread === UNNAMED)) this.name(items, ends);
    assumeFlags(items, account);
    return ends ? items : withEnds(items);
  }

  private name(items: readonly LogItem[], ends: boolean): void {
    const first = this.first ?? this.unrelated(items) ?? ONLY;
    for (const [child, parent] of this.children) if (parent === UNNAMED) this.children.set(child, first);
    const live = new Set<number>();
    let over = false;
    for (const item of items) {
      if (item.thread === UNNAMED) item.thread = over ? ([...live].at(-1) ?? first) : first;
      const isEnd = ends ? item.name === THREAD_END : EXITS.has(item.name);
      if (!isEnd) {
        if (item.thread !== first) live.add(item.thread);
        continue;
      }
      live.delete(item.thread);
      over ||= item.thread === first;
    }
  }

  /** The first thread that the log names without saying where it is from. */
  private unrelated(items: readonly LogItem[]): number | undefined {
    if (this.attachedTo !== undefined) return this.attachedTo;
    const children = new Set(this.attached);
    for (const { name, result } of items) if (CLONES.has(name)) children.add(result);
    return items.find(({ thread }) => thread !== UNNAMED && !children.has(thread))?.thread;
  }
}

/** Whether a call is a clone3 of which only the address of its flags is known: -e raw. */
function isRawClone(item: LogItem): item is LoggedCall {
  return item.name === 'clone3' && item.result > 0 && !item.args[0]!.startsWith('{');
}

/** Sets the flags of a clone3 without any to those that the C library uses: for a thread, or for a program to be started. */
function assumeFlags(items: readonly LogItem[], account: LineAccount): void {
  const raw = items.filter(isRawClone);
  if (raw.length === 0) return;
  const starters = new Set(
    items.filter(({ name, result }) => EXECS.has(name) && result === 0).map(({ thread }) => thread),
  );
  for (const clone of raw)
    clone.assume([
      starters.has(clone.result) ? '{flags=CLONE_VM|CLONE_VFORK}' : '{flags=CLONE_VM|CLONE_THREAD}',
    ]);
  account.remark(
    'clone3 without its flags (-e raw): taken for threads, unless they start a program',
    raw.length,
  );
}

/** The threads of each process, by the thread that made them all. */
class Groups {
  private readonly leaders = new Map<number, number>();
  private readonly members = new Map<number, Set<number>>();

  constructor(items: readonly LogItem[]) {
    for (const item of items) {
      const { name, thread, result } = item;
      // Arguments are split only where they are asked for.
      if (!CLONES.has(name) || !(result > 0) || !item.args.join().includes('CLONE_THREAD')) continue;
      const leader = this.leaderOf(thread);
      this.leaders.set(result, leader);
      const members = this.members.get(leader) ?? new Set([leader]);
      this.members.set(leader, members.add(result));
    }
  }

  /** All threads of the process of a thread. */
  of(thread: number): ReadonlySet<number> {
    return this.members.get(this.leaderOf(thread)) ?? new Set([thread]);
  }

  private leaderOf(thread: number): number {
    return this.leaders.get(thread) ?? thread;
  }
}

/** Adds the ends of threads to a log that does not show them (-qq): exit ends one, exit_group all of a process. */
function withEnds(items: readonly LogItem[]): readonly LogItem[] {
  if (!items.some(({ name }) => EXITS.has(name))) return items;
  const groups = new Groups(items);
  const ended = new Set<number>();
  return items.flatMap((item) => {
    if (!EXITS.has(item.name)) {
      ended.delete(item.thread);
      return [item];
    }
    const threads = item.name === 'exit' ? [item.thread] : [...groups.of(item.thread)];
    const over = threads.filter((thread) => !ended.has(thread));
    for (const thread of over) ended.add(thread);
    return [item, ...over.map((thread) => threadEnd(thread, item.timeUs, 0, item.place))];
  });
}
