import { type Call, THREAD_END } from './calls.js';

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

/** What a call did to an address space as a whole. */
export type ProcessChange =
  | { readonly kind: 'fork'; readonly parent: Process; readonly child: Process }
  /** The process gave up its memory: it ended, or runs another program now. */
  | { readonly kind: 'release'; readonly process: Process };

type Kinship = 'thread' | 'borrower' | 'child';

interface Relation {
  readonly parentThread: number;
  readonly kinship: Kinship;
}

const CLONES = new Set(['clone', 'clone3', 'fork', 'vfork']);

function kinshipOf(call: Call): Kinship {
  const flags = call.args.join(',');
  if (flags.includes('CLONE_THREAD')) return 'thread';
  return call.name === 'vfork' || flags.includes('CLONE_VM') ? 'borrower' : 'child';
}

/**
 * Resolves threads to processes. A new thread's or child's first calls often stand before the line that ends the
 * clone which made it, so all clones of the log are known before the first call is applied.
 */
export class Processes {
  private readonly byThread = new Map<number, Process>();
  /** Relations not yet used, by the id of the new thread; ids can come again in a long log. */
  private readonly relations = new Map<number, Relation[]>();

  constructor(calls: readonly Call[]) {
    for (const call of calls) {
      if (!CLONES.has(call.name) || !(call.result > 0)) continue;
      const known = this.relations.get(call.result) ?? [];
      known.push({ parentThread: call.thread, kinship: kinshipOf(call) });
      this.relations.set(call.result, known);
    }
  }

  /** The process of a thread that `apply` has seen. */
  of(thread: number): Process {
    return this.byThread.get(thread) ?? this.join(new Process(thread), thread);
  }

  /** Brings the processes up to date with a call, and says what that did to address spaces. */
  apply(call: Call): ProcessChange[] {
    const changes = this.meet(call.thread);
    if (this.relations.get(call.result)?.length && CLONES.has(call.name))
      changes.push(...this.meet(call.result));
    if (call.name === 'execve' && call.result === 0) changes.push(...this.exec(call));
    if (call.name === THREAD_END) changes.push(...this.exit(call.thread));
    return changes;
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
    const path = (call.args[0] ?? '').replace(/^"|"$/g, '');
    process.program = path.slice(path.lastIndexOf('/') + 1);
    return this.release(process);
  }

  private exit(thread: number): ProcessChange[] {
    const process = this.of(thread);
    process.threads.delete(thread);
    this.byThread.delete(thread);
    return process.threads.size > 0 ? [] : this.release(process);
  }

  private release(process: Process): ProcessChange[] {
    if (process.borrowsFrom === undefined) return [{ kind: 'release', process }];
    process.borrowsFrom = undefined;
    return [];
  }
}
