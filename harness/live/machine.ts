import { Refusal } from '../contract/refusal.js';
import type {
  AnswerListener,
  CountedMetrics,
  Ending,
  MemoryGauges,
  PolicyPart,
  Target,
  TargetSetup,
} from '../contract/target.js';
import type { CallCount, DrawTimes, GroupCount, Moment, Paid } from '../metrics/files.js';
import { Account, type Counted } from './account.js';
import { type Census, parseCensus } from './census.js';
import { LiveController } from './controlled.js';
import { LiveEvents } from './events.js';
import { LiveHuge } from './huge.js';
import { LiveKernel } from './kernel.js';
import { checkMerge, LiveKsm } from './ksm.js';
import type { LiveSpace } from './layout.js';
import { liveMetrics, liveMoment, livePaid, noMeans, noTimes, type SpaceCounts } from './measure.js';
import { PENDING } from './pending.js';
import { LiveProgram } from './program.js';
import { type Answer, LIVE_OP } from './protocol.js';
import { LiveTimeout } from './session.js';
import { REFUSALS } from './setup.js';
import type { LiveSystem } from './system.js';

/** The trace's times are kept to this, in µs: what depends on time in reclaim happens every 2 s. */
const PACE_US = 10_000;
/** What names of settings of same-page merging begin with. */
const KSM_SETTING = 'ksm.';
const NO_COUNTS: SpaceCounts = { minor: 0, major: 0, touches: 0 };

/** A live kernel as a machine that traces are replayed on. What the executor is told is queued, and answered late. */
export class LiveMachine extends LiveEvents implements Target {
  readonly answersLate = true;
  readonly refusals = REFUSALS;
  readonly kernel: LiveKernel;
  readonly program: LiveProgram;
  private readonly ksm: LiveKsm;
  private readonly huge: LiveHuge;
  private controller: LiveController | undefined;
  private last: Census | undefined;
  private counted: Counted = {};
  private killed = false;
  private groupRows: GroupCount[] = [];
  /** What the kernel kept for the processes at the end, in pages: it counts in the limit. Undefined where that is not known. */
  kernelPages: number | undefined;
  /** What its pages were charged at the end; undefined where that is not known. */
  chargedPages: number | undefined;
  /** Why it was given up. */
  private timeout: LiveTimeout | undefined;
  private pacedUs: number;

  private constructor(
    system: LiveSystem,
    private readonly setup: TargetSetup,
  ) {
    super(system, new Account(system));
    this.ksm = new LiveKsm(system, checkMerge(setup.merge));
    this.huge = new LiveHuge(system, setup.thp);
    this.pacedUs = setup.startUs;
    this.kernel = new LiveKernel(this.session, this.layout, this.addresses);
    this.program = new LiveProgram(this.session, this.layout, this.addresses, this.pending);
  }

  /** Sets the system up for a run. @throws Refusal for what it does not have */
  static async begin(system: LiveSystem, setup: TargetSetup): Promise<LiveMachine> {
    if (setup.oom === 'kill')
      throw new Refusal('oom kill: a run on a live kernel ends where it kills a space, expected oom end');
    const { reclaim, swap, readahead } = setup;
    await system.prepare({ reclaim: reclaim.info.name, swap, readahead });
    const machine = new LiveMachine(system, setup);
    try {
      machine.start();
      return machine;
    } catch (error) {
      machine.dispose();
      throw error;
    }
  }

  /** @throws Refusal where none can look after the groups of the run */
  private controllerOf({ controller, sample = 1, startUs }: TargetSetup): LiveController | undefined {
    const made = controller?.info.create(controller.values, sample);
    if (!controller || !made) return undefined;
    const { text } = controller;
    if (this.system.pace === 'asap')
      throw new Refusal(`controller ${text} has its turns in trace time: expected --pace trace`);
    const why = this.account.uncontrollable;
    if (why !== undefined) throw new Refusal(`controller ${text} is not possible here: ${why}`);
    return new LiveController(text, made, this.account, this.session, startUs);
  }

  private start(): void {
    const { session, account, answers, setup } = this;
    session.tell(LIVE_OP.files, '');
    this.huge.begin();
    account.begin();
    this.ksm.begin();
    session.onAnswer = (index, answer) => answers.hear(index, answer);
    this.controller = this.controllerOf(setup);
    if (setup.limit !== undefined) this.limit(setup.limit);
    session.call(LIVE_OP.pace);
  }

  set answered(listener: AnswerListener | undefined) {
    this.answers.listener = listener;
  }

  get answered(): AnswerListener | undefined {
    return this.answers.listener;
  }

  /** What is resident now, after all events so far. */
  census(): Census {
    return parseCensus(this.direct(LIVE_OP.census, this.setup.swap === 'none' ? 0 : 1).text);
  }

  /** What the kernel has counted, and charged for pages, after all events so far. */
  soFar(): { readonly counted: Counted; readonly chargedPages: number | undefined } {
    this.session.flush();
    return { counted: this.account.counted(), chargedPages: this.account.chargedPages() };
  }

  handleSigbus(): void {}

  run(work: () => void): boolean {
    return this.inTime(work) && this.goesOn;
  }

  private get goesOn(): boolean {
    return this.answers.death === undefined && this.answers.unmet === 0 && this.timeout === undefined;
  }

  /** Returns whether the executor has answered in time. */
  private inTime(work: () => void): boolean {
    if (this.timeout) return false;
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof LiveTimeout)) throw error;
      this.timeout = error;
      return false;
    }
  }

  begin(row: number, space: number | undefined): void {
    this.row = row;
    if (space !== undefined) this.layout.space(space);
  }

  end(): void {}

  attribute<T>(_part: PolicyPart, work: () => T): T {
    return work();
  }

  set(name: string, value: string): void {
    this.session.flush();
    if (name.startsWith(KSM_SETTING)) this.ksm.set(name.slice(KSM_SETTING.length), value);
    else if (!this.huge.set(name, value))
      throw new Refusal(`the setting ${name} is not changed on a live machine`, true);
  }

  limit(pages: number | undefined): void {
    const index = this.account.limit(pages);
    this.pending.note(index, PENDING.limit, this.row, 0, 0, 0);
  }

  advance(timeUs: number): void {
    if (this.system.pace === 'asap' || timeUs - this.pacedUs < PACE_US) return;
    this.pacedUs = timeUs;
    this.session.queue(LIVE_OP.pace, 0, 0, 0, Math.round(timeUs - this.setup.startUs), 0);
  }

  get dueUs(): number {
    return this.controller?.dueUs ?? Number.POSITIVE_INFINITY;
  }

  runDue(): void {
    const { controller } = this;
    if (controller && !this.inTime(() => controller.run())) controller.dueUs = Number.POSITIVE_INFINITY;
  }

  barrier(): boolean {
    return this.inTime(() => this.session.flush()) && this.goesOn;
  }

  addMemory(sums: MemoryGauges): void {
    noMeans(sums);
  }

  timeline(): Omit<Moment, 'time_us' | 'label'> {
    let census: Census | undefined;
    this.inTime(() => {
      census = this.census();
    });
    return liveMoment(census);
  }

  finish(): Ending {
    this.inTime(() => {
      this.session.flush();
      if (this.goesOn) this.controller?.finish();
      this.last = this.census();
      this.counted = { ...this.ksm.counted(), ...this.account.counted() };
      this.groupRows = this.account.groupsBelow?.rows() ?? [];
      this.kernelPages = this.account.kernelPages();
      this.chargedPages = this.account.chargedPages();
      this.killed = this.account.killed;
    });
    const { abandoned: left, outcomes } = this.answers;
    const abandoned = { events: left.events, touches: left.touches + outcomes.unmadeTouches };
    return { ...this.ending(), abandoned };
  }

  private ending(): Pick<Ending, 'outcome' | 'reason'> {
    const { timeout } = this;
    const { death, unmet } = this.answers;
    if (timeout) return { outcome: 'timeout', reason: timeout.message };
    if (unmet !== 0) return { outcome: 'oom', reason: `the kernel could not meet the limit (${unmet})` };
    if (this.killed)
      return { outcome: 'oom', reason: 'the kernel could not meet the limit, and has killed a space' };
    if (death === undefined) return { outcome: 'ok', reason: undefined };
    return { outcome: 'oom', reason: `the kernel has killed a space (signal ${death})` };
  }

  counters(): CountedMetrics {
    const { kernel, program } = this;
    const { outcomes, sigbus } = this.answers;
    return liveMetrics(this.last, this.counted, {
      faults: this.layout.spacesEver.map((space) => this.counts(space)).reduce(sumOfCounts, NO_COUNTS),
      sigbus,
      regeneratedPages: program.regeneratedPages,
      regeneratedRanges: program.regeneratedRanges,
      discardCalls: kernel.calls,
      discardPages: kernel.pages,
      discardErrors: kernel.errors,
      callErrors: outcomes.errors,
      ignoredAdvice: outcomes.ignored,
      unmadeTouches: outcomes.unmadeTouches,
      ooms: this.ending().outcome === 'oom' ? 1 : 0,
    });
  }

  draws(): DrawTimes[] {
    return [noTimes()];
  }

  spaces(): Paid[] {
    return this.layout.spacesEver.map((space) => livePaid(space, this.counts(space)));
  }

  groups(): GroupCount[] {
    return this.groupRows;
  }

  callOutcomes(): CallCount[] {
    return this.answers.outcomes.rows();
  }

  hostBytes(): Readonly<Record<string, number>> {
    return {};
  }

  dispose(): void {
    this.session.onAnswer = undefined;
    if (this.session.lost) return;
    this.ksm.end();
    this.account.end();
    this.huge.end();
  }

  private counts(space: LiveSpace): SpaceCounts {
    return this.answers.of(space) ?? this.last?.spaces.get(space.slot) ?? NO_COUNTS;
  }

  private direct(code: number, a: number): Answer & { readonly text: string } {
    this.session.flush();
    return this.session.call(code, { a });
  }
}

function sumOfCounts(a: SpaceCounts, b: SpaceCounts): SpaceCounts {
  return { minor: a.minor + b.minor, major: a.major + b.major, touches: a.touches + b.touches };
}
