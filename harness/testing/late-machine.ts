import { InputError } from '../base/errors.js';
import type {
  AnswerListener,
  CountedMetrics,
  Ending,
  MemoryGauges,
  PolicyPart,
  Refusals,
  Target,
  TargetInfo,
} from '../contract/target.js';
import { loadCosts } from '../cost/table.js';
import { type SimulatedMachine, simulated } from '../machine/target.js';
import type { DrawTimes, GroupCount } from '../metrics/files.js';
import type { Kernel, PageRange, Program } from '../policy/discard/contract.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { replay } from '../replay/replay.js';
import type { EventBlock } from '../trace/block.js';
import type { Trace } from '../trace/trace.js';

/** The calls of a machine that make or change something: they are queued. */
type Queued =
  | 'begin'
  | 'end'
  | 'spawn'
  | 'fork'
  | 'exit'
  | 'map'
  | 'unmap'
  | 'remap'
  | 'protect'
  | 'lock'
  | 'lockAll'
  | 'processMadvise'
  | 'fadvise'
  | 'dmaPin'
  | 'dmaUnpin'
  | 'madvise'
  | 'prctl'
  | 'object'
  | 'close'
  | 'truncate'
  | 'sync'
  | 'migrate'
  | 'fallocate'
  | 'pread'
  | 'pwrite'
  | 'cgroup'
  | 'set'
  | 'limit';

/** A call as it was made. */
export interface RecordedCall {
  readonly name: string;
  readonly arguments: readonly unknown[];
}

/**
 * A second implementation of the contract: writes down every call, and carries it out late, as a machine behind a pipe
 * does: at the barrier, or when a policy's call has to be answered. It has daemons of its own, and what it says of memory is
 * that of the last answer. Behind it is a simulated machine.
 */
export class LateMachine implements Target {
  readonly answersLate = true;
  readonly calls: RecordedCall[] = [];
  readonly kernel: Kernel;
  readonly program: Program;
  answered: AnswerListener | undefined;
  /** The most calls that have waited at a time. */
  mostQueued = 0;
  private readonly queue: { readonly row: number; readonly call: () => void }[] = [];
  private row = 0;
  /** Events and touches that were queued, less those that have been carried out. */
  private readonly open = { events: 0, touches: 0 };
  private alive = true;
  private wrong = false;
  private busy = false;

  constructor(
    private readonly inner: SimulatedMachine,
    readonly refusals: Refusals = { ops: {}, advice: {} },
  ) {
    this.kernel = this.answering(inner.kernel);
    this.program = this.answering(inner.program);
    inner.answered = (row, answer) => this.answered?.(row, answer);
  }

  /** The object's methods, each called once all that was queued before it has been carried out. */
  private answering<T extends object>(object: T): T {
    return new Proxy(object, {
      get: (of, name) => {
        const method = Reflect.get(of, name) as unknown;
        if (typeof method !== 'function') return method;
        return (...given: unknown[]) => {
          this.carryOut();
          this.calls.push({ name: String(name), arguments: given });
          return (method as (...given: unknown[]) => unknown).apply(of, given);
        };
      },
    });
  }

  private later(name: string, given: readonly unknown[], call: () => void): void {
    this.calls.push({ name, arguments: given });
    this.queue.push({ row: this.row, call });
    this.mostQueued = Math.max(this.mostQueued, this.queue.length);
  }

  /**
   * Carries out what waits, up to the first event that makes no sense. A program that is in the middle of an event (its
   * signal handler calls the kernel) does not get ahead of itself.
   */
  private carryOut(): void {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.queue.shift(); next && !this.wrong; next = this.queue.shift()) this.attempt(next);
    } finally {
      this.busy = false;
    }
  }

  private attempt({ row, call }: { readonly row: number; readonly call: () => void }): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.wrong = true;
      this.answered?.(row, error);
    }
  }

  private queued<N extends Queued>(name: N): SimulatedMachine[N] {
    const call = (...given: unknown[]) =>
      this.later(name, given, () => {
        const { inner } = this;
        (inner[name] as (...given: unknown[]) => void).apply(inner, given);
      });
    return call as SimulatedMachine[N];
  }

  readonly end: Target['end'] = () => {
    this.later('end', [], () => {
      this.inner.end();
      this.open.events--;
    });
  };
  readonly spawn = this.queued('spawn');
  readonly fork = this.queued('fork');
  readonly exit = this.queued('exit');
  readonly map = this.queued('map');
  readonly unmap = this.queued('unmap');
  readonly remap = this.queued('remap');
  readonly protect = this.queued('protect');
  readonly lock = this.queued('lock');
  readonly lockAll = this.queued('lockAll');
  readonly processMadvise = this.queued('processMadvise');
  readonly fadvise = this.queued('fadvise');
  readonly dmaPin = this.queued('dmaPin');
  readonly dmaUnpin = this.queued('dmaUnpin');
  readonly madvise = this.queued('madvise');
  readonly prctl = this.queued('prctl');
  readonly object = this.queued('object');
  readonly close = this.queued('close');
  readonly truncate = this.queued('truncate');
  readonly sync = this.queued('sync');
  readonly migrate = this.queued('migrate');
  readonly fallocate = this.queued('fallocate');
  readonly pread = this.queued('pread');
  readonly pwrite = this.queued('pwrite');
  readonly cgroup = this.queued('cgroup');
  readonly set = this.queued('set');
  readonly limit = this.queued('limit');

  begin(row: number, space: number | undefined, thread: number): void {
    this.row = row;
    this.open.events++;
    this.later('begin', [row, space, thread], () => this.inner.begin(row, space, thread));
  }

  touch(block: EventBlock, row: number): void {
    this.row = row;
    const touches = Math.abs(block.count[row]!);
    this.open.events++;
    this.open.touches += touches;
    this.later('touch', [row], () => {
      this.inner.touch(block, row);
      this.open.events--;
      this.open.touches -= touches;
    });
  }

  run(work: () => void): boolean {
    this.alive = this.inner.run(work) && this.alive;
    return this.alive;
  }

  attribute<T>(part: PolicyPart, work: () => T): T {
    this.carryOut();
    return this.inner.attribute(part, work);
  }

  handleSigbus(handler: (page: PageRange) => boolean): void {
    this.inner.handleSigbus(handler);
  }

  watchWrites(watcher: ((range: PageRange) => void) | undefined): void {
    this.inner.watchWrites(watcher);
  }

  watchReads(watcher: ((range: PageRange) => void) | undefined): void {
    this.inner.watchReads(watcher);
  }

  /** Its daemons run by themselves, when it gets there. */
  readonly dueUs = Number.POSITIVE_INFINITY;

  runDue(): void {}

  advance(timeUs: number): void {
    this.later('advance', [timeUs], () => {
      const { inner } = this;
      for (let due = inner.dueUs; due <= timeUs; due = inner.dueUs) {
        inner.advance(Math.max(due, inner.machine.nowUs));
        inner.runDue();
      }
      inner.advance(timeUs);
    });
  }

  async barrier(): Promise<boolean> {
    await Promise.resolve();
    if (this.alive) this.run(() => this.carryOut());
    return this.alive;
  }

  addMemory(sums: MemoryGauges, weight: number): void {
    this.inner.addMemory(sums, weight);
  }

  timeline(): ReturnType<Target['timeline']> {
    return this.inner.timeline();
  }

  async finish(): Promise<Ending> {
    return { ...this.inner.finish(), abandoned: this.open };
  }

  counters(): CountedMetrics {
    return this.inner.counters();
  }

  draws(touches: number): DrawTimes[] {
    return this.inner.draws(touches);
  }

  spaces(residentPageUs: number): ReturnType<Target['spaces']> {
    return this.inner.spaces(residentPageUs);
  }

  groups(): GroupCount[] {
    return this.inner.groups();
  }

  callOutcomes(): ReturnType<Target['callOutcomes']> {
    return this.inner.callOutcomes();
  }

  hostBytes(): Readonly<Record<string, number>> {
    return {};
  }

  /** Whether `dispose` was called. */
  disposed = false;

  async dispose(): Promise<void> {
    this.disposed = true;
  }
}

/** A machine that answers late, and the last that was set up. */
export function lateMachine(refusals?: Refusals): TargetInfo<LateMachine> & { last?: LateMachine } {
  const info: TargetInfo<LateMachine> & { last?: LateMachine } = {
    name: 'late',
    summary: 'a simulated machine that answers late',
    create: async (setup) => {
      info.last = new LateMachine(await simulated.create(setup), refusals);
      return info.last;
    },
  };
  return info;
}

/**
 * What a trace comes to on a machine without a limit: its metrics, but no means, since these are of the moments at which a machine
 * has answered.
 */
export async function settledMetrics<T extends Target>(
  machine: TargetInfo<T>,
  trace: Trace,
  discard: string,
): Promise<[string, unknown][]> {
  const { metrics } = await replay(trace, {
    machine,
    discard: discardPolicies.choose(discard),
    reclaim: reclaimPolicies.choose('linux'),
    swap: 'none',
    limit: 'none',
    seed: 1,
    costs: loadCosts(),
  });
  return Object.entries(metrics).filter(([name]) => !name.endsWith('_mean'));
}
