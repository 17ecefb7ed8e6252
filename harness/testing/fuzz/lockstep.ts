import fc from 'fast-check';
import { type SwapText, swapSetup } from '../../contract/swap.js';
import type { OomRule } from '../../contract/target.js';
import { checkMachine } from '../../machine/check.js';
import type { Machine } from '../../machine/machine.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { run } from '../machine.js';
import { SUCCESS } from '../naive/calls.js';
import { FifoChooser, passTime } from '../naive/reclaim.js';
import { type Chooser, NaiveKernel, NaiveOutOfMemory } from '../naive/state.js';
import { timed } from '../traces.js';
import { Comparison, Disagreement } from './compare.js';
import { type Choice, carryOutEvent, type Event, event, MOST_COUNT, PAGES } from './event.js';
import { EventMaker, type Kind } from './events.js';
import { PolicyLog } from './policy-log.js';
import { SlotLog } from './slot-log.js';

/** A machine that random events run on. */
export interface FuzzedMachine {
  /** `fifo` is modelled; of other policies the model follows the victims. */
  readonly reclaim: string;
  readonly swap: SwapText;
  readonly limit: number | 'none' | 'trace';
  /** What happens where memory has run out; default: the trace ends. `fifo` only: else events would be of spaces that are no more. */
  readonly oom?: OomRule;
  /** Settings of the machine from the start on. */
  readonly settings?: readonly (keyof typeof SETTING)[];
  /** Kinds of events left out. */
  readonly without: readonly Kind[];
  /** Memory may be huge; settings say where. */
  readonly huge?: boolean;
  /** Contents are compared at the end only, so that the machine numbers none before. */
  readonly contentsLate?: boolean;
}

/** What settings are in the naive model. */
const SETTING = {
  'mm.shared_zero_page=0': (k: NaiveKernel) => {
    k.zeroPage = false;
  },
  'read_ahead_kb=32': (k: NaiveKernel) => {
    k.readAhead = 8;
  },
  'vm.page-cluster=3': (k: NaiveKernel) => {
    k.pageCluster = 3;
  },
  'swap.vma_ra_enabled=0': (k: NaiveKernel) => {
    k.swapByAddress = false;
  },
  'memcg.charge_page_tables=1': (k: NaiveKernel) => {
    k.chargesTables = true;
  },
  'thp.enabled=always': (k: NaiveKernel) => {
    k.huge.enabled = 'always';
  },
  'thp.enabled=madvise': (k: NaiveKernel) => {
    k.huge.enabled = 'madvise';
  },
  'thp.defrag=always': (k: NaiveKernel) => {
    k.huge.defrag = 'always';
  },
};

const choice: fc.Arbitrary<Choice> = fc.record({
  kind: fc.nat(999),
  space: fc.nat(3),
  page: fc.nat(PAGES - 1),
  count: fc.integer({ min: 1, max: MOST_COUNT }),
  extra: fc.nat(2 ** 30),
});

/** In half of the runs leaves are sparse from a few on, as they are in large traces. */
const FEW_LEAVES = 2;

/** How much has been run. */
export interface Counts {
  events: number;
  /** Sums of the machine's counters. */
  readonly counters: Record<string, number>;
}

/** Random choices for up to `maxEvents` events. */
export function choices(maxEvents: number): fc.Arbitrary<Choice[]> {
  return fc.noBias(fc.array(choice, { minLength: 1, maxLength: maxEvents, size: 'max' }));
}

function newKernel({ swap, limit, oom }: FuzzedMachine, chooser: Chooser): NaiveKernel {
  const { kind, pages } = swapSetup(swap);
  const bound = typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY;
  const k = new NaiveKernel(chooser, kind, pages, bound);
  k.kills = oom === 'kill';
  return k;
}

/** The events that choices stand for, up to the first that runs out of memory. */
export function eventsOf(machine: FuzzedMachine, chosen: readonly Choice[]): Event[] {
  const k = newKernel(machine, new FifoChooser());
  const maker = new EventMaker(k, machine.without, machine.huge);
  const settings = (machine.settings ?? []).map((name) => event(`set,,,,${name}`, SETTING[name]));
  const events = [...settings, ...maker.start()];
  for (const event of events) carryOutEvent(k, event);
  for (const one of chosen) {
    const event = maker.make(one);
    if (!event) continue;
    events.push(event);
    if (runsOutOfMemory(event, k)) break;
  }
  return events;
}

/** Random traces that make sense, as lines without their times. */
export function randomTrace(machine: FuzzedMachine, maxEvents: number): fc.Arbitrary<string[]> {
  return choices(maxEvents).map((chosen) => eventsOf(machine, chosen).map(({ text }) => text));
}

function runsOutOfMemory(event: Event, k: NaiveKernel): boolean {
  try {
    passTime(k);
    carryOutEvent(k, event);
    return false;
  } catch (error) {
    if (error instanceof NaiveOutOfMemory) return true;
    throw error;
  }
}

/** One run of both. */
class Lockstep {
  private readonly log: PolicyLog | undefined;
  private readonly k: NaiveKernel;
  private readonly comparison = new Comparison();
  private done = 0;
  private slots: SlotLog | undefined;

  constructor(
    private readonly machine: FuzzedMachine,
    private readonly events: readonly Event[],
    private readonly counts: Counts,
  ) {
    this.log = machine.reclaim === 'fifo' ? undefined : new PolicyLog();
    this.k = newKernel(machine, this.log ?? new FifoChooser());
  }

  async run(): Promise<void> {
    const { machine, events, k } = this;
    const policy = reclaimPolicies.choose(machine.reclaim);
    const { outcome } = await run(timed(events.map(({ text }) => text)), {
      reclaim: this.log?.wrap(policy) ?? policy,
      swap: machine.swap,
      limit: machine.limit,
      oom: machine.oom ?? 'end',
      check: false,
      completed: (m, returned) => {
        // The first events swap nothing, and make few leaves.
        this.slots ??= new SlotLog(m, k);
        if (this.done === 0 && events.length % 2 === 1) m.tables.fullAtOnce = FEW_LEAVES;
        passTime(k);
        const expected = carryOutEvent(k, events[this.done]!) ?? SUCCESS;
        if (returned.errno !== expected.errno || returned.value !== expected.value)
          throw new Disagreement(
            `returned ${returned.errno}, ${returned.value}, expected ${expected.errno}, ${expected.value}`,
          );
        const last = this.done === events.length - 1;
        this.comparison.compare(m, k, !machine.contentsLate || last);
        this.log?.mustBeUsedUp();
        this.slots.mustBeUsedUp();
        if (last) this.finish(m);
        this.done++;
        this.counts.events++;
      },
    });
    if (outcome === 'ok' || outcome === 'killed' || runsOutOfMemory(this.current!, k)) return;
    throw new Disagreement('the machine ran out of memory');
  }

  private finish(m: Machine): void {
    checkMachine(m);
    const { counters } = this.counts;
    for (const [name, value] of Object.entries(m.counters)) counters[name] = (counters[name] ?? 0) + value;
  }

  /** The event at work. */
  get current(): Event | undefined {
    return this.events[this.done];
  }
}

/**
 * Runs events through the machine and through the naive model, and compares both after each.
 *
 * @throws where they differ
 */
export async function runBoth(
  machine: FuzzedMachine,
  events: readonly Event[],
  counts: Counts,
): Promise<void> {
  const lockstep = new Lockstep(machine, events, counts);
  try {
    await lockstep.run();
  } catch (error) {
    if (error instanceof Error) error.message = `${lockstep.current?.text ?? 'the end'}: ${error.message}`;
    throw error;
  }
}
