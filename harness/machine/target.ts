import { InputError } from '../base/errors.js';
import type { ParameterValues } from '../base/parameters.js';
import { CallOutcomes } from '../contract/calls.js';
import { Refusal } from '../contract/refusal.js';
import { SpaceKilled } from '../contract/space-killed.js';
import {
  type AnswerListener,
  type ContentInspector,
  type CountedMetrics,
  type Ending,
  type Follower,
  type LockCall,
  type MemoryGauges,
  type PolicyPart,
  SUCCESS,
  type SyscallResult,
  type Target,
  type TargetInfo,
  type TargetSetup,
} from '../contract/target.js';
import { EVENT, PART } from '../cost/ledger.js';
import type { CallCount, DrawTimes, GroupCount, Moment, Paid } from '../metrics/files.js';
import type { PageRange } from '../policy/discard/contract.js';
import type {
  ArgOf,
  CgroupArg,
  ContentArg,
  FadviseArg,
  FallocateArg,
  LockAllArg,
  MapArg,
  ObjectArg,
  PrctlArg,
  RemapArg,
} from '../trace/args.js';
import type { EventBlock } from '../trace/block.js';
import { type Advice, HAS, OP } from '../trace/op.js';
import { fallocateBlocks } from './advice/allocate.js';
import { dmaPin, dmaUnpin } from './advice/dma-pin.js';
import { fadvise } from './advice/fadvise.js';
import { madvise } from './advice/madvise.js';
import { processMadvise } from './advice/process-madvise.js';
import { fallocatePunch } from './advice/punch.js';
import { checkMachine } from './check.js';
import { SimulatedFollower } from './follower.js';
import { SimulatedKernel } from './kernel.js';
import { Machine } from './machine.js';
import { access, accessRest, contentAt, setContents } from './mapping/access.js';
import { AccessViolation, CallFailure } from './mapping/failure.js';
import { exit, fork, spawn } from './mapping/fork.js';
import { lockAll, setLocked } from './mapping/lock.js';
import { map, protect, unmap } from './mapping/mmap.js';
import { remap } from './mapping/remap.js';
import { addMemory, groupRows, machineDraws, machineMetrics, spaceRows, timelineValues } from './measure.js';
import { READ, UNIQUE } from './memory/contents.js';
import { checkFrames, MOST_PAGES } from './memory/pages.js';
import { readFilePages, writeFilePages } from './object/file-io.js';
import { closeObject, declareObject, truncateObject } from './object/lifetime.js';
import { migrate } from './object/migrate.js';
import { SimulatedProgram } from './program.js';
import { OutOfMemory } from './reclaim/out-of-memory.js';
import { writeBack } from './reclaim/writeback.js';
import type { Effect } from './state/effects.js';
import type { Space } from './state/space.js';

const NO_EFFECTS: readonly Effect[] = [];

/** The simulated kernel as a machine that traces are replayed on. It answers at once. */
export class SimulatedMachine implements Target {
  readonly answersLate = false;
  readonly refusals = { ops: {}, advice: {} };
  /** The state, for those who look into it: tests, and checks of the simulation. */
  readonly machine: Machine;
  readonly kernel: SimulatedKernel;
  readonly program: SimulatedProgram;
  readonly contents: ContentInspector = {
    at: (id, page) => {
      const space = this.machine.space(id);
      return space && contentAt(this.machine, space, page);
    },
    put: (id, page, count, content) => {
      const space = this.machine.space(id);
      if (space) setContents(this.machine, space, page, count, content);
    },
  };
  answered: AnswerListener | undefined;
  private readonly outcomes = new CallOutcomes();
  private writeWatcher: ((range: PageRange) => void) | undefined;
  private readWatcher: ((range: PageRange) => void) | undefined;
  private row = 0;
  /** Whether the event at hand is of a space, which pays for it. */
  private accounted = false;
  /** Touches of events in which the OOM killer ended their space. */
  private lostTouches = 0;
  /** What could not be met, where memory ran out. */
  private starved: string | undefined;
  /** Events and turns of daemons that may have changed memory, without those that faulted. */
  private changes = 0;
  /** What the discard policy did to memory when it was told last. */
  private effects: readonly Effect[] = NO_EFFECTS;

  constructor(private readonly setup: TargetSetup) {
    const { costs, discard, reclaim, merge, purge, swap, oom, limit, memory, seed, draws, startUs } = setup;
    const { controller, sample = 1, cpus } = setup;
    this.checkBound(limit !== undefined || memory !== undefined);
    if (memory !== undefined && memory > MOST_PAGES)
      throw new Refusal(
        `memory of ${memory} pages is more than the simulated machine can name: expected at most ${MOST_PAGES} pages, one less than 1 TiB`,
      );
    if (memory !== undefined) checkFrames(memory);
    const purgeRules = purge.info.rules(purge.values);
    if (discard.info.needsReport && purgeRules.report === 'none')
      throw new Refusal(
        `discard policy ${discard.info.name} has to learn what was purged: expected a purge policy whose report is not none`,
      );
    this.machine = new Machine({
      costs,
      reclaim,
      swap,
      kills: oom === 'kill',
      purge: purgeRules,
      merge: merge.info.rules(merge.values),
      controller: controller?.info.create(controller.values, sample),
      limit,
      memory,
      seed,
      draws,
      sample,
      cpus,
    });
    if (setup.thp !== 'never') this.machine.set('thp.enabled', setup.thp);
    this.machine.set('read_ahead_kb', String(setup.readahead.fileKib));
    this.machine.set('vm.page-cluster', String(setup.readahead.pageCluster));
    this.machine.advance(startUs);
    this.machine.proactive?.start(startUs);
    this.kernel = new SimulatedKernel(this.machine, discard.values.destroy === 1);
    this.program = new SimulatedProgram(this.machine, this.kernel);
  }

  private bound({ cgroup }: OutOfMemory): string {
    if (cgroup !== undefined) return `memory.max of cgroup ${cgroup} could not be met`;
    return this.setup.memory === undefined ? 'the limit could not be met' : 'memory ran out';
  }

  /** @param bounded whether there is a limit or the machine's memory has a size */
  private checkBound(bounded: boolean): void {
    const { name, unbounded } = this.setup.reclaim.info;
    if (unbounded && bounded)
      throw new Refusal(`reclaim policy ${name} never evicts, so it cannot keep a limit: use it without one`);
  }

  handleSigbus(handler: (page: PageRange) => boolean): void {
    this.machine.sigbusHandler = ({ id }, vpn) => handler({ space: id, page: vpn, count: 1 });
  }

  watchWrites(watcher: ((range: PageRange) => void) | undefined): void {
    this.writeWatcher = watcher;
  }

  watchReads(watcher: ((range: PageRange) => void) | undefined): void {
    this.readWatcher = watcher;
  }

  run(work: () => void): boolean {
    try {
      work();
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      this.machine.counters.oom_events++;
      this.starved = this.bound(error);
    }
    return this.starved === undefined;
  }

  touch(block: EventBlock, row: number): void {
    const { machine: m } = this;
    const space = this.space(block.space[row]!);
    m.ledger.begin(space.account, space.id, block.thread[row]!, m.nowUs);
    m.shootdowns?.begins(space.id, block.thread[row]!, m.nowUs);
    const bits = block.fields[row]!;
    const write = block.op[row] === OP.write;
    const content = !write ? READ : bits & HAS.content ? block.content[row]! : UNIQUE;
    const page = block.page[row]!;
    const count = block.count[row]!;
    if (content >= 0 || m.merger.everyTouch) this.changes++;
    const watcher = write ? this.writeWatcher : this.readWatcher;
    if (watcher) this.announce(watcher, space.id, page, count);
    const step = bits & HAS.contentUp ? 1 : 0;
    try {
      space.touches += access(m, space, page, count, content, step);
    } catch (error) {
      if (error instanceof SpaceKilled) this.diedIn(space, page, count, error);
      else if (!(error instanceof AccessViolation)) throw error;
      else this.touchRest(space, page, count, content, step, error);
    }
    m.ledger.end();
  }

  /** The OOM killer has ended a read or write. */
  private diedIn(space: Space, page: number, count: number, { page: at = page }: SpaceKilled): void {
    const touched = Math.abs(at - page);
    this.lostTouches += Math.abs(count) - touched;
    space.touches += touched;
  }

  /** Goes on behind a page that cannot be accessed, where the program knows. */
  private touchRest(
    space: Space,
    page: number,
    count: number,
    content: number,
    step: 0 | 1,
    violation: AccessViolation,
  ): void {
    const denied = (at: number) => this.outcomes.isDenied(space.id, at);
    try {
      const touched = accessRest(this.machine, space, page, count, content, step, violation, denied);
      this.outcomes.unmadeTouches += Math.abs(count) - touched;
      space.touches += touched;
    } catch (error) {
      if (!(error instanceof SpaceKilled)) throw error;
      this.diedIn(space, page, count, error);
    }
  }

  get anyKilled(): boolean {
    return this.machine.reclaim.oomKiller.anyUnheard;
  }

  takeKilled(): readonly number[] {
    return this.machine.reclaim.oomKiller.takeKilled().map(({ id }) => id);
  }

  /** @param count negative: downwards */
  private announce(watcher: (range: PageRange) => void, space: number, page: number, count: number): void {
    const { ledger } = this.machine;
    this.changes++;
    const before = ledger.spentNs;
    const place = ledger.place();
    watcher(count < 0 ? { space, page: page + count + 1, count: -count } : { space, page, count });
    ledger.stalled(ledger.spentNs - before, place);
  }

  begin(row: number, space: number | undefined, thread: number): void {
    this.row = row;
    this.changes++;
    this.accounted = space !== undefined;
    if (space === undefined) return;
    const { ledger, nowUs, shootdowns } = this.machine;
    ledger.begin(this.space(space).account, space, thread, nowUs);
    shootdowns?.begins(space, thread, nowUs);
  }

  end(): void {
    if (!this.accounted) return;
    const { merger, ledger } = this.machine;
    merger.eventEnded();
    ledger.stalled(ledger.spentNs, EVENT);
    ledger.end();
  }

  get eventNs(): number {
    return this.machine.ledger.spentNs;
  }

  attribute<T>(part: PolicyPart, work: () => T): T {
    const { machine, kernel } = this;
    this.changes++;
    const { part: outer } = kernel;
    const { inPolicy } = machine;
    kernel.part = PART[part];
    machine.inPolicy = true;
    const effects = machine.ledger.allTabs && [];
    machine.effects = effects;
    const result = work();
    machine.effects = undefined;
    this.effects = effects ?? NO_EFFECTS;
    kernel.part = outer;
    machine.inPolicy = inPolicy;
    return result;
  }

  follow(values: ParameterValues): Follower {
    const { machine, kernel, program, outcomes } = this;
    return new SimulatedFollower(machine, kernel, values.destroy === 1, () => this.effects, {
      counters: (calls, tab) => machineMetrics(machine, calls, program, outcomes, tab),
      draws: (touches, tab) => machineDraws(machine, program, touches, tab),
      spaces: (residentPageUs, tab) => spaceRows(machine, residentPageUs, tab),
    });
  }

  spawn(space: number, name: string, oomScoreAdj = 0): void {
    spawn(this.machine, space, name).oomScoreAdj = oomScoreAdj;
  }

  fork(space: number, child: number, oomScoreAdj: number | undefined): void {
    const { machine } = this;
    const made = fork(machine, this.space(space), child);
    if (oomScoreAdj !== undefined) made.oomScoreAdj = oomScoreAdj;
    machine.flushTlbOnce(PART.discard);
    machine.reclaim.cgroups?.forked(this.space(space), made);
    this.outcomes.forked(space, child);
  }

  exit(space: number): void {
    const { machine } = this;
    const ending = this.space(space);
    exit(machine, ending);
    machine.shootdowns?.ended(space);
    machine.reclaim.cgroups?.leave(ending);
  }

  map(space: number, page: number, count: number, arg: MapArg): void {
    const range = { space, page, count };
    this.call('map', count, () => map(this.machine, this.space(space), page, count, arg), range);
  }

  unmap(space: number, page: number, count: number): void {
    this.call('unmap', count, () => unmap(this.machine, this.space(space), page, count));
  }

  remap(space: number, page: number, count: number, arg: RemapArg): void {
    const { to, grow } = arg;
    const range = to === undefined ? { space, page: page + count, count: grow } : { space, page: to, count };
    this.call('remap', count, () => remap(this.machine, this.space(space), page, count, arg), range);
  }

  protect(space: number, page: number, count: number, protection: ArgOf['protect']['protection']): void {
    const work = () => protect(this.machine, this.space(space), page, count, protection);
    this.call('protect', count, work, protection === 'none' ? undefined : { space, page, count });
  }

  lock(space: number, page: number, count: number, call: LockCall): void {
    this.call(call, count, () => setLocked(this.machine, this.space(space), page, count, call));
  }

  lockAll(space: number, arg: LockAllArg | undefined): void {
    const work = () => lockAll(this.machine, this.space(space), arg);
    this.call(arg ? 'mlockall' : 'munlockall', 0, work);
  }

  madvise(space: number, page: number, count: number, advice: Advice): void {
    const where = this.space(space);
    // Huge pages are those of private and shared memory: mappings of files take the advice and do not change.
    const modelled =
      this.machine.huge !== undefined &&
      where.overlapping(page, page + count).every(({ object }) => !object || object.backing === 'shmem');
    this.answer(`madvise ${advice}`, madvise(this.machine, where, page, count, advice), modelled);
  }

  processMadvise(id: number, target: number, page: number, count: number, advice: Advice): void {
    const range = { page, count };
    const { machine } = this;
    // One that was killed, or that a killed one would have forked.
    const isGone = machine.counters.oom_kills > 0 && !machine.space(target);
    const result = isGone
      ? { errno: 'ESRCH' as const, value: 0, pages: 0 }
      : processMadvise(machine, this.space(id), this.space(target), range, advice);
    this.answer(`process_madvise ${advice}`, result);
  }

  dmaPin(space: number, page: number, count: number): void {
    this.answer('dma-pin', dmaPin(this.machine, this.space(space), page, count));
  }

  dmaUnpin(space: number, page: number, count: number): void {
    this.answer('dma-unpin', dmaUnpin(this.machine, this.space(space), page, count));
  }

  prctl(id: number, { setting, on }: PrctlArg): void {
    const space = this.space(id);
    if (setting === 'thp_disable') space.noHugePages = on;
    const errno = setting === 'merge' ? this.machine.ksm.setMergeAny(space, on) : 0;
    this.answer('prctl', { errno, value: 0, pages: 0 });
  }

  object(size: number, arg: ObjectArg): void {
    if (arg.huge !== undefined && arg.huge !== 'never') this.machine.hugeBegins();
    declareObject(this.machine, size, arg);
  }

  close(name: string): void {
    closeObject(this.machine, name);
  }

  truncate(name: string, size: number): void {
    truncateObject(this.machine, this.machine.objects.named(name), size);
  }

  sync(name: string): void {
    writeBack(this.machine, this.machine.objects.named(name));
  }

  migrate(page: number, count: number, { name, target }: ArgOf['migrate']): void {
    migrate(this.machine, this.machine.objects.named(name), page, count, target === 'cache');
  }

  fallocate(page: number, count: number, { mode, name, bytes }: FallocateArg): void {
    const m = this.machine;
    const object = m.objects.named(name);
    const { descriptor } = object.options;
    if (mode === 'punch') {
      const range = bytes && { offset: bytes.start, length: bytes.length };
      this.answer('fallocate punch', fallocatePunch(m, object, page, count, { descriptor, bytes: range }));
    } else
      this.answer(
        `fallocate ${mode}`,
        fallocateBlocks(m, object, page, count, { descriptor, zero: mode === 'zero' }),
      );
  }

  fadvise(page: number, count: number, arg: FadviseArg): void {
    const object = this.machine.objects.named(arg.name);
    if (object.backing === 'pfn')
      throw new InputError(`fadvise of ${arg.name}, a range of page frame numbers, expected a file`);
    const none = count === 0 && !arg.bytes;
    const result = none ? SUCCESS : fadvise(this.machine, object, page, count, arg);
    this.answer(`fadvise ${arg.advice}`, result);
  }

  pread(name: string, page: number, count: number): void {
    readFilePages(this.machine, this.machine.objects.named(name), page, count);
  }

  pwrite(name: string, page: number, count: number, contents: ContentArg | undefined): void {
    const object = this.machine.objects.named(name);
    const watcher = this.writeWatcher;
    // It is announced as a write through each mapping of the pages.
    for (const vma of watcher ? [...object.mappings] : []) {
      const first = Math.max(vma.start, vma.start + page - vma.objectPage);
      const end = Math.min(vma.end, vma.start + page + count - vma.objectPage);
      if (first < end) this.announce(watcher!, vma.space.id, first, end - first);
    }
    const written = writeFilePages(
      this.machine,
      object,
      page,
      count,
      contents?.content ?? UNIQUE,
      contents?.up ? 1 : 0,
    );
    if (written < count) this.answer('pwrite', { errno: 'ENOSPC', value: 0, pages: 0 });
  }

  cgroup(id: number | undefined, arg: CgroupArg): void {
    const { reclaim } = this.machine;
    this.checkBound(arg.writes.length > 0);
    const result = reclaim.writeGroup(arg);
    const { cgroups } = reclaim;
    if (id !== undefined) cgroups!.join(this.space(id), cgroups!.named(arg.path));
    if (arg.writes.some(({ file }) => file === 'memory.reclaim'))
      this.answer('cgroup memory.reclaim', result);
  }

  set(name: string, value: string): void {
    this.machine.set(name, value);
  }

  limit(pages: number | undefined): void {
    this.checkBound(pages !== undefined);
    this.machine.reclaim.setLimit(pages);
  }

  get dueUs(): number {
    return this.machine.daemons.dueUs;
  }

  advance(timeUs: number): void {
    this.machine.advance(timeUs);
  }

  runDue(): void {
    this.changes++;
    this.machine.daemons.run(this.machine.nowUs);
  }

  barrier(): boolean {
    return this.starved === undefined;
  }

  /** A touch changes memory by a fault, or where its contents lead to merging. */
  get memoryVersion(): number {
    return this.changes + this.machine.counters.pgfault;
  }

  addMemory(sums: MemoryGauges, weight: number): void {
    addMemory(this.machine, sums, weight);
  }

  timeline(): Omit<Moment, 'time_us' | 'label'> {
    return timelineValues(this.machine);
  }

  check(): void {
    checkMachine(this.machine);
  }

  stallsOf(space: number): Float64Array | undefined {
    return this.machine.space(space)?.account.stallNs;
  }

  listSizes(): Readonly<Record<string, number>> {
    return this.machine.reclaim.policy.listSizes ?? {};
  }

  finish(): Ending {
    const { machine } = this;
    machine.pss.finish(machine);
    machine.ledger.pressure.finish(machine.nowUs * 1000);
    const unmet = machine.proactive?.unmet() ?? [];
    if (unmet.length > 0 && this.starved === undefined)
      throw new Refusal(
        `controller ${this.setup.controller!.text}: the trace has no cgroup ${unmet.join(', ')} when it has its turn`,
      );
    const abandoned = { events: 0, touches: this.outcomes.unmadeTouches + this.lostTouches };
    if (this.starved === undefined) return { ...this.survived(), abandoned };
    return { outcome: 'oom', reason: `${this.starved}: no page was left that could go`, abandoned };
  }

  private survived(): Pick<Ending, 'outcome' | 'reason'> {
    const { oom_kills: kills } = this.machine.counters;
    if (kills === 0) return { outcome: 'ok', reason: undefined };
    const killed = kills === 1 ? 'a space' : `${kills} spaces`;
    return { outcome: 'killed', reason: `memory ran out, and the OOM killer killed ${killed}` };
  }

  counters(): CountedMetrics {
    return machineMetrics(this.machine, this.kernel, this.program, this.outcomes);
  }

  draws(touches: number): DrawTimes[] {
    return machineDraws(this.machine, this.program, touches);
  }

  spaces(residentPageUs: number): Paid[] {
    return spaceRows(this.machine, residentPageUs);
  }

  groups(): GroupCount[] {
    return groupRows(this.machine);
  }

  callOutcomes(): CallCount[] {
    return this.outcomes.rows();
  }

  hostBytes(): Readonly<Record<string, number>> {
    return this.machine.hostBytes();
  }

  dispose(): void {}

  /** The space with this id. @throws InputError when there is none */
  private space(id: number): Space {
    const space = this.machine.space(id);
    if (!space) throw new InputError(`there is no space ${id} here, expected a spawn or fork before`);
    return space;
  }

  /**
   * Carries out a call of the trace that returns an error where the kernel refuses it.
   *
   * @param range what the program will not access then
   */
  private call(name: string, pages: number, work: () => void, range?: PageRange): void {
    try {
      work();
      this.machine.flushTlbOnce(PART.discard);
      this.answer(name, { errno: 0, value: 0, pages });
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      if (range) this.outcomes.deny(range.space, range.page, range.count);
      this.answer(name, { errno: error.errno, value: 0, pages: 0 });
    }
  }

  private answer(call: string, result: SyscallResult, modelled = false): void {
    this.outcomes.add(call, result, modelled);
    this.answered?.(this.row, result);
  }
}

/** The simulated kernel, in the list of machines. */
export const simulated: TargetInfo<SimulatedMachine> = {
  name: 'sim',
  summary: 'the simulated kernel: deterministic, with every policy',
  create: (setup) => new SimulatedMachine(setup),
};
