import { ADVICE, PAGE_LIMIT } from '../../trace/op.js';
import type {
  Clock,
  DiscardContext,
  DiscardPolicy,
  DiscardPolicyInfo,
  Kernel,
  LaterPages,
  MappedPiece,
  PageRange,
  Program,
} from '../discard/contract.js';
import { Border, type ModuleOrigin, shownValue } from './border.js';
import { checkMethods } from './reclaim.js';

const REQUIRED = ['discard', 'unpin', 'pin'] as const;
const OPTIONAL = ['pressure', 'beforeWrite', 'beforeRead', 'sigbus', 'unmapped', 'moved', 'forked'] as const;

const LATER_PAGES = ['late', 'cancelled', 'unmapped', 'pending'] as const satisfies (keyof LaterPages)[];

function isRange(range: unknown): range is PageRange {
  if (typeof range !== 'object' || range === null) return false;
  const { space, page, count } = range as Partial<PageRange>;
  return (
    Number.isInteger(space) &&
    Number.isInteger(page) &&
    Number.isInteger(count) &&
    page! >= 0 &&
    count! >= 0 &&
    page! + count! <= PAGE_LIMIT
  );
}

/** What the policy's calls of the kernel and its program are checked for. */
class CheckedCalls {
  constructor(private readonly border: Border) {}

  range(call: string, range: unknown): void {
    if (!isRange(range))
      throw this.border.offence(
        `calls ${call} with ${shownValue(range)}, expected a range of a space: space, page and count`,
      );
  }

  /** A piece must be one that `lookup` returned, or a part of it. */
  piece(call: string, piece: MappedPiece): void {
    this.range(call, piece);
    if (!Number.isInteger(piece.objectPage) || piece.objectPage < 0 || typeof piece.descriptor !== 'boolean')
      throw this.border.offence(`calls ${call} with something else than a piece that lookup returned`);
  }

  advice(advice: unknown): void {
    if (!(ADVICE as readonly unknown[]).includes(advice))
      throw this.border.offence(`calls madvise with ${shownValue(advice)}, which is no advice`);
  }
}

function checkedKernel(kernel: Kernel, border: Border): Kernel {
  const check = new CheckedCalls(border);
  return {
    madvise(range, advice, era) {
      check.range('madvise', range);
      check.advice(advice);
      return border.back(() => kernel.madvise(range, advice, era));
    },
    punch(piece) {
      check.piece('punch', piece);
      return border.back(() => kernel.punch(piece));
    },
    setVolatile(range, volatile) {
      check.range('setVolatile', range);
      return border.back(() => kernel.setVolatile(range, volatile === true));
    },
    truncate(piece) {
      check.piece('truncate', piece);
      return border.back(() => kernel.truncate(piece));
    },
    lookup(range, charge) {
      check.range('lookup', range);
      return border.back(() => kernel.lookup(range, charge === true));
    },
  };
}

function checkedProgram(program: Program, kernel: Kernel, border: Border): Program {
  const calls = new CheckedCalls(border);
  const check = {
    /** A program works in its own memory: a space that is gone, or has none, is no program's. */
    range(call: string, range: PageRange): void {
      calls.range(call, range);
      if (
        border.module &&
        kernel.lookup({ space: range.space, page: 0, count: PAGE_LIMIT }, false).length === 0
      )
        throw border.offence(`calls ${call} in space ${range.space}, where nothing is mapped`);
    },
  };
  return {
    regenerate(range, ns) {
      check.range('regenerate', range);
      if (!(ns >= 0) || !Number.isFinite(ns))
        throw border.offence(`calls regenerate with ${shownValue(ns)} ns, expected a number from 0`);
      border.back(() => program.regenerate(range, ns));
    },
    writeCookies(range) {
      check.range('writeCookies', range);
      border.back(() => program.writeCookies(range));
    },
    firstLost(range) {
      check.range('firstLost', range);
      return border.back(() => program.firstLost(range));
    },
  };
}

function checkedClock(clock: Clock, border: Border): Clock {
  return {
    get nowUs() {
      return clock.nowUs;
    },
    at(timeUs, call) {
      if (!Number.isFinite(timeUs))
        throw border.offence(`calls at with ${shownValue(timeUs)}, expected a time in µs`);
      if (typeof call !== 'function')
        throw border.offence(`calls at with ${shownValue(call)}, expected what to call then`);
      clock.at(timeUs, () => border.call('a timer', call));
    },
  };
}

type Method = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/** A discard policy whose calls are checked, in both directions. */
class CheckedDiscard implements DiscardPolicy {
  declare discard: DiscardPolicy['discard'];
  declare unpin: DiscardPolicy['unpin'];
  declare pin: DiscardPolicy['pin'];
  declare sigbus?: NonNullable<DiscardPolicy['sigbus']>;
  private readonly policy: DiscardPolicy;

  constructor(
    private readonly border: Border,
    info: DiscardPolicyInfo,
    { kernel, program, clock, values }: DiscardContext,
  ) {
    const context = {
      kernel: checkedKernel(kernel, border),
      program: checkedProgram(program, kernel, border),
      clock: checkedClock(clock, border),
      values: Object.freeze({ ...values }),
    };
    this.policy = border.call('create', () => info.create(context));
    checkMethods(border, this.policy, REQUIRED, OPTIONAL);
    for (const name of [...REQUIRED, ...OPTIONAL])
      if (this.policy[name]) Object.defineProperty(this, name, { value: this.checked(name) });
  }

  private checked(name: Method): (...args: unknown[]) => unknown {
    const { border, policy } = this;
    const method = policy[name] as (...args: unknown[]) => unknown;
    return (...args) => {
      const before = args.map(snapshot);
      const result = border.call(name, () => method.apply(policy, args));
      if (args.some((argument, i) => snapshot(argument) !== before[i]))
        throw border.offence(`${name} changes its range, which is the caller's`);
      if (name === 'sigbus' && typeof result !== 'boolean')
        throw border.offence(`sigbus returned ${shownValue(result)}, expected true or false`);
      return result;
    };
  }

  get watchesWrites(): boolean {
    return this.watches('watchesWrites');
  }

  get watchesReads(): boolean {
    return this.watches('watchesReads');
  }

  private watches(name: 'watchesWrites' | 'watchesReads'): boolean {
    const watches: unknown = this.border.call(name, () => this.policy[name] ?? false);
    if (typeof watches !== 'boolean')
      throw this.border.offence(`${name} is ${shownValue(watches)}, expected true or false`);
    return watches;
  }

  get laterPages(): LaterPages | undefined {
    const pages = this.border.call('laterPages', () => this.policy.laterPages);
    if (pages === undefined) return undefined;
    if (typeof pages !== 'object' || pages === null)
      throw this.border.offence(
        `laterPages is ${shownValue(pages)}, expected an object with ${LATER_PAGES.join(', ')}`,
      );
    for (const name of LATER_PAGES)
      if (!Number.isInteger(pages[name]) || pages[name] < 0)
        throw this.border.offence(
          `laterPages.${name} is ${shownValue(pages[name])}, expected a number of pages`,
        );
    return pages;
  }
}

/** What a range says, as text; of anything else nothing. */
function snapshot(argument: unknown): string {
  return typeof argument === 'object' ? JSON.stringify(argument) : '';
}

/**
 * A discard policy's entry in the registry, whose policies are checked at every call.
 *
 * @param module where it is from; undefined for one of this package
 */
export function checkedDiscard(info: DiscardPolicyInfo, module?: ModuleOrigin): DiscardPolicyInfo {
  return {
    ...info,
    ...(module && { module }),
    create(context) {
      return new CheckedDiscard(new Border(`discard policy ${info.name}`, module), info, context);
    },
  };
}
