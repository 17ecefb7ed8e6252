import type { DiscardPolicyInfo, Kernel, PageRange } from '../../policy/discard/contract.js';
import { discardPolicies } from '../../policy/discard/registry.js';
import type { Chosen } from '../../policy/registry.js';
import type { EventBlock } from '../../trace/block.js';
import { OP } from '../../trace/op.js';
import type { Trace } from '../../trace/trace.js';
import { checkParameters } from './parameters.js';
import { randomTrace, SHORT_LIMIT } from './random-events.js';
import { familiesCheck, replayed, sameAgainCheck, Tally } from './replays.js';
import { type Check, fail } from './result.js';
import { speedOfReplay } from './speed.js';

type Subject = Chosen<DiscardPolicyInfo>;

const RANDOM_TRACES = 8;
const RANDOM_EVENTS = 300;

/** Pages that programs have given up and not used again, and the calls that a policy makes on pages. */
class GivenUp {
  /** Discarded: until they are written again. */
  private readonly discarded = new Set<string>();
  /** Unpinned: until they are pinned, which programs do before they use them. */
  private readonly unpinned = new Set<string>();
  /** The line of the event at hand. */
  private line = 0;
  private readonly neededAt = new Map<string, number>();
  calls = 0;
  callPages = 0;

  constructor(private readonly trace: string) {}

  /** What an event does to what is given up, before it happens. */
  readonly observe = (_machine: unknown, block: EventBlock, row: number): void => {
    this.line = block.firstLine + row;
    const op = block.op[row]!;
    if (op === OP.discard) this.each(block, row, (page) => this.discarded.add(page));
    else if (op === OP.unpin) this.each(block, row, (page) => this.unpinned.add(page));
    else if (op === OP.write || op === OP.pin)
      this.each(block, row, (page) => {
        (op === OP.write ? this.discarded : this.unpinned).delete(page);
        this.neededAt.set(page, this.line);
      });
  };

  private each(block: EventBlock, row: number, work: (page: string) => void): void {
    const space = block.space[row]!;
    for (let i = 0; i < block.count[row]!; i++) work(`${space}:${block.page[row]! + i}`);
  }

  /** @throws CheckFailure for a page that is needed */
  private call(name: string, { space, page, count }: PageRange): void {
    this.calls++;
    this.callPages += count;
    for (let i = 0; i < count; i++) {
      const one = `${space}:${page + i}`;
      if (this.discarded.has(one) || this.unpinned.has(one)) continue;
      const at = this.neededAt.get(one);
      const needed =
        at === undefined ? 'which was never given up' : `which the program needs again since line ${at}`;
      fail(`${this.trace}:${this.line}: ${name} on page ${page + i} of space ${space}, ${needed}`);
    }
  }

  /** The same policy, whose calls that destroy contents are watched. */
  watched({ info, values, text }: Subject): Subject {
    const watch = (kernel: Kernel): Kernel => ({
      madvise: (range, advice, era) => {
        this.call(advice, range);
        return kernel.madvise(range, advice, era);
      },
      punch: (piece) => {
        this.call('a hole', piece);
        return kernel.punch(piece);
      },
      truncate: (piece) => {
        this.call('a truncation', piece);
        return kernel.truncate(piece);
      },
      setVolatile: (range, volatile) => {
        if (volatile) this.call('MADV_VOLATILE', range);
        else {
          this.calls++;
          this.callPages += range.count;
        }
        return kernel.setVolatile(range, volatile);
      },
      lookup: (range, charge) => kernel.lookup(range, charge),
    });
    const create: DiscardPolicyInfo['create'] = (context) =>
      info.create({ ...context, kernel: watch(context.kernel) });
    return { info: { ...info, create }, values, text };
  }
}

async function plainTrace(seed: number): Promise<Trace> {
  return randomTrace(seed, RANDOM_EVENTS, { all: false });
}

const ranges: Check<Subject> = {
  name: 'ranges',
  async run(chosen) {
    let calls = 0;
    for (let seed = 1; seed <= RANDOM_TRACES; seed++) {
      const trace = await plainTrace(seed);
      const given = new GivenUp(trace.name);
      const result = await replayed(trace, {
        discard: given.watched(chosen),
        observe: given.observe,
        limit: SHORT_LIMIT,
      });
      if (!result) return { skip: 'the machine refuses it on random traces' };
      const { discard_calls: counted, discard_pages: pages } = result.metrics;
      if (result.outcome === 'ok' && (counted !== given.calls || pages !== given.callPages))
        fail(
          `${trace.name}: ${given.calls} calls on ${given.callPages} pages, and ${counted} on ${pages} counted`,
        );
      calls += given.calls;
    }
    return `${calls} calls on random traces, each on pages that were given up and are not needed again`;
  },
};

const invariants: Check<Subject> = {
  name: 'invariants',
  async run(chosen) {
    const tally = new Tally();
    for (let seed = 1; seed <= RANDOM_TRACES; seed++)
      tally.add(
        await replayed(await randomTrace(seed, RANDOM_EVENTS, { all: true }), {
          discard: chosen,
          check: true,
          swap: seed % 2 === 0 ? 'ssd' : 'none',
          ...(seed % 4 < 2 ? {} : { limit: SHORT_LIMIT }),
        }),
      );
    return tally.text('random traces, with the invariants of the machine after every event');
  },
};

const families = familiesCheck<Subject>((chosen) => ({ discard: chosen }));

/** The checks of a discard policy. */
export const DISCARD_CHECKS: readonly Check<Subject>[] = [
  {
    name: 'parameters',
    async run({ info }) {
      const trace = await plainTrace(1);
      return checkParameters(
        info.name,
        info.parameters,
        (text) => discardPolicies.choose(text),
        (chosen) => replayed(trace, { discard: chosen, limit: SHORT_LIMIT }),
      );
    },
  },
  ranges,
  invariants,
  sameAgainCheck((chosen) => ({ discard: chosen, limit: SHORT_LIMIT }), RANDOM_EVENTS, { all: true }),
  families,
  {
    name: 'speed',
    run: async (chosen) => speedOfReplay({ discard: chosen }, { discard: 'keep' }, 'keep'),
  },
];
