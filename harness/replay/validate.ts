import type { Place } from '../base/errors.js';
import {
  type ContentInspector,
  DISCARDED,
  DROPPED,
  IGNORED_ADVICE,
  type SyscallResult,
  type Target,
  type TargetInfo,
} from '../contract/target.js';
import { loadCosts } from '../cost/table.js';
import { AXES } from '../metrics/axes.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { EventBlock } from '../trace/block.js';
import { type Advice, HAS, OP, OPS } from '../trace/op.js';
import type { Trace } from '../trace/trace.js';
import { replay } from './replay.js';

/** Something in a trace that is allowed, and probably a mistake or not what a live kernel would do. */
export interface Warning {
  /** Of the first event that it is about. */
  readonly place: Place;
  readonly what: string;
  /** Events that it is about. */
  readonly count: number;
}

export interface Validation {
  readonly events: number;
  readonly touches: number;
  readonly warnings: readonly Warning[];
  /**
   * Reads of what a recorded call dropped (a discard that is labelled with the call), not written since. The program
   * relied on the zeros that the call leaves, so they are no mistake.
   */
  readonly zeroReads: number;
}

/** Warnings by what they say: the first place of each, and how often it came up. */
class Warnings {
  private readonly byText = new Map<string, { place: Place; what: string; count: number }>();

  constructor(private readonly trace: Trace) {}

  /** @param key events with the same are one warning, with what the first of them says */
  add(key: string, block: EventBlock, row: number, what: string): void {
    const known = this.byText.get(key);
    if (known) known.count++;
    else this.byText.set(key, { place: this.trace.place(block, row), what, count: 1 });
  }

  all(): Warning[] {
    return [...this.byText.values()];
  }
}

/** Ops that stand for several calls, which the argument names. */
const NAMED_BY_ARGUMENT: ReadonlySet<number> = new Set([
  OP.madvise,
  OP.process_madvise,
  OP.fallocate,
  OP.fadvise,
]);

/** Watches for calls that return an error, and for advice that the machine ignores. */
class CallWatch {
  constructor(
    private readonly trace: Trace,
    private readonly warnings: Warnings,
  ) {}

  after({ errno }: SyscallResult, block: EventBlock, row: number): void {
    const op = block.op[row]!;
    if (errno === 0 && op !== OP.madvise && op !== OP.process_madvise) return;
    const { name } = OPS[op]!;
    const text = block.fields[row]! & HAS.text ? this.trace.strings.text(block.text[row]!) : '';
    if (errno !== 0) {
      const call = NAMED_BY_ARGUMENT.has(op) ? `${name} ${text.replace(/[: ].*/, '')}` : name;
      this.warnings.add(`${call} ${errno}`, block, row, `${call} returns ${errno}, and the program goes on`);
      return;
    }
    const advice = text.replace(/ .*/, '');
    const why = IGNORED_ADVICE[advice as Advice];
    if (why !== undefined)
      this.warnings.add(advice, block, row, `${advice} has no effect here: on a live kernel ${why}`);
  }
}

/** Watches for reads of contents that were discarded and not written since. */
class DiscardWatch {
  zeroReads = 0;

  constructor(private readonly warnings: Warnings) {}

  before(contents: ContentInspector, block: EventBlock, row: number): void {
    const op = block.op[row]!;
    if (op !== OP.discard && op !== OP.read) return;
    const space = block.space[row]!;
    const count = block.count[row]!;
    const first = block.page[row]! + Math.min(0, count + 1);
    if (op === OP.read) this.read(contents, space, first, Math.abs(count), block, row);
    else {
      const mark = block.fields[row]! & HAS.text ? DROPPED : DISCARDED;
      contents.put(space, first, count, mark);
    }
  }

  private read(
    contents: ContentInspector,
    space: number,
    first: number,
    count: number,
    block: EventBlock,
    row: number,
  ): void {
    let dropped = false;
    for (let page = first; page < first + count; page++) {
      const content = contents.at(space, page);
      dropped ||= content === DROPPED;
      if (content !== DISCARDED) continue;
      const what = `reads page ${page} of space ${space}, which was discarded and not written since`;
      this.warnings.add(`${block.firstLine + row}`, block, row, what);
      return;
    }
    if (dropped) this.zeroReads++;
  }
}

/**
 * Replays a trace as `reclaim replay` does without flags, and finds events that make no sense: it accepts what that does, and
 * refuses it in the same line. Warns of reads after a discard, calls that return an error, and advice that has no effect
 * here. Where memory runs out under a limit that the trace sets, its own or that of a memory cgroup, what follows is looked at
 * without limits.
 *
 * @param machine one whose contents can be looked at
 * @throws InputError with the line of the first event that makes no sense
 */
export async function validate<T extends Target & { readonly contents: ContentInspector }>(
  trace: Trace,
  machine: TargetInfo<T>,
): Promise<Validation> {
  const limited = await validateUnder(trace, machine, 'trace');
  return limited ?? ((await validateUnder(trace, machine, 'none')) as Validation);
}

/** Undefined where memory runs out. */
async function validateUnder<T extends Target & { readonly contents: ContentInspector }>(
  trace: Trace,
  machine: TargetInfo<T>,
  limit: 'trace' | 'none',
): Promise<Validation | undefined> {
  const warnings = new Warnings(trace);
  const discards = new DiscardWatch(warnings);
  const calls = new CallWatch(trace, warnings);
  const { outcome, events, touches } = await replay(trace, {
    machine,
    discard: discardPolicies.choose(AXES.discard.default),
    reclaim: reclaimPolicies.choose(AXES.reclaim.default),
    swap: 'none',
    limit,
    unlimitedCgroups: limit === 'none',
    seed: 1,
    costs: loadCosts(),
    observe: ({ contents }, block, row) => discards.before(contents, block, row),
    completed: (_machine, returned, block, row) => calls.after(returned, block, row),
  });
  if (outcome !== 'ok' && limit !== 'none') return undefined;
  return { events, touches, warnings: warnings.all(), zeroReads: discards.zeroReads };
}
