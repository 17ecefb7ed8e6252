import { type Call, type Relation, THREAD_END } from './call.js';

/** A process: threads that share one address space. */
export class Process {
  readonly threads = new Set<number>();
  /** The process whose memory this one uses until it execs (vfork), if any. */
  borrowsFrom: Process | undefined;
  /** Base name of the program it runs. */
  program = '';

  constructor(readonly id: number) {}

  /** Whose address space the calls of this process act on. */
  get memoryOwner(): Process {
    return this.borrowsFrom?.memoryOwner ?? this;
  }
}

/** What a call did to a process as a whole. */
export type ProcessChange =
  /** The child has a copy of the parent's memory. */
  | { readonly kind: 'fork'; readonly parent: Process; readonly child: Process }
  /** The child has the parent's descriptors: the same (CLONE_FILES), or copies. */
  | {
      readonly kind: 'inherit';
      readonly parent: Process;
      readonly child: Process;
      readonly shared: boolean;
    }
  /** The process gave up its memory: it ended, or runs another program now. */
  | { readonly kind: 'release'; readonly process: Process }
  /** It runs another program: descriptors that are so marked are closed. */
  | { readonly kind: 'exec'; readonly process: Process }
  /** It ended, and its descriptors with it. */
  | { readonly kind: 'end'; readonly process: Process };

/** Calls that make threads and processes. */
export const CLONES: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork']);

const EXECS = new Set(['execve', 'execveat']);

function relationOf(call: Call): Relation {
  const flags = call.args.join(',');
  const borrows = call.name === 'vfork' || flags.includes('CLONE_VM');
  return {
    parentThread: call.thread,
    kinship: flags.includes('CLONE_THREAD') ? 'thread' : borrows ? 'borrower' : 'child',
    sharesFiles: flags.includes('CLONE_FILES'),
  };
}

/**
 * Resolves threads to processes. A new thread's or child's first calls often stand before the line that ends the
 * clone which made it, so all clones of the log are known before the first call is applied.
 */
export class Processes {
  private readonly byThread = new Map<number, Process>();
  /** Relations not yet used, by the id of the new thread; ids can come again in a long log. */
  private readonly relations = new Map<number, Relation[]>();
  /** Ends of threads (lines `+++`) that are still to come, by thread. */
  private readonly ends = new Map<number, number>();

  /** @param inferred relations of threads whose beginning is not in the log */
  constructor(calls: readonly Call[], inferred: ReadonlyMap<number, Relation>) {
    for (const [thread, relation] of inferred) this.relations.set(thread, [relation]);
    for (const call of calls) {
      if (call.name === THREAD_END) this.ends.set(call.thread, (this.ends.get(call.thread) ?? 0) + 1);
      if (!CLONES.has(call.name) || !(call.result > 0)) continue;
      const known = this.relations.get(call.result) ?? [];
      known.push(relationOf(call));
      this.relations.set(call.result, known);
    }
  }

  /** The process of a thread that `apply` has seen. */
  of(thread: number): Process {
    return this.byThread.get(thread) ?? this.join(new Process(thread), thread);
  }

  /** The process of a thread, where the log has one now. */
  find(thread: number): Process | undefined {
    return this.byThread.get(thread);
  }

  /** Brings the processes up to date with a call, and says what that did to address spaces. */
  apply(call: Call): ProcessChange[] {
    const changes = this.meet(call.thread);
    if (this.relations.get(call.result)?.length && CLONES.has(call.name))
      changes.push(...this.meet(call.result));
    if (EXECS.has(call.name) && call.result === 0) changes.push(...this.exec(call));
    if (call.name === 'exit') changes.push(...this.endUnlessSaid(call.thread, [call.thread]));
    if (call.name === 'exit_group')
      changes.push(...this.endUnlessSaid(call.thread, [...this.of(call.thread).threads]));
    if (call.name === THREAD_END) {
      this.ends.set(call.thread, this.ends.get(call.thread)! - 1);
      changes.push(...this.exit(call.thread));
    }
    return changes;
  }

  /** Ends threads whose ends the log does not have in lines of their own (strace -qqq, and logs that were cut). */
  private endUnlessSaid(caller: number, threads: readonly number[]): ProcessChange[] {
    if (threads.some((thread) => (this.ends.get(thread) ?? 0) > 0)) return [];
    const others = threads.filter((thread) => thread !== caller);
    return [...others, caller].flatMap((thread) => this.exit(thread));
  }

  /** First sight of a thread: makes it what its clone says. */
  private meet(thread: number): ProcessChange[] {
    if (this.byThread.has(thread)) return [];
    const relation = this.relations.get(thread)?.shift();
    if (!relation) {
      this.join(new Process(thread), thread);
      return [];
    }
    const changes = this.meet(relation.parentThread);
    const parent = this.of(relation.parentThread);
    if (relation.kinship === 'thread') {
      this.join(parent, thread);
      return changes;
    }
    const child = this.join(new Process(thread), thread);
    child.program = parent.program;
    changes.push({ kind: 'inherit', parent, child, shared: relation.sharesFiles });
    if (relation.kinship === 'borrower') child.borrowsFrom = parent;
    else changes.push({ kind: 'fork', parent: parent.memoryOwner, child });
    return changes;
  }

  private join(process: Process, thread: number): Process {
    process.threads.add(thread);
    this.byThread.set(thread, process);
    return process;
  }

  private exec(call: Call): ProcessChange[] {
    const process = this.of(call.thread);
    const path = (call.args[call.name === 'execve' ? 0 : 1] ?? '').replace(/^"|"$/g, '');
    process.program = path.slice(path.lastIndexOf('/') + 1);
    return [...this.release(process), { kind: 'exec', process }];
  }

  private exit(thread: number): ProcessChange[] {
    const process = this.of(thread);
    process.threads.delete(thread);
    this.byThread.delete(thread);
    return process.threads.size > 0 ? [] : [...this.release(process), { kind: 'end', process }];
  }

  private release(process: Process): ProcessChange[] {
    if (process.borrowsFrom === undefined) return [{ kind: 'release', process }];
    process.borrowsFrom = undefined;
    return [];
  }
}
