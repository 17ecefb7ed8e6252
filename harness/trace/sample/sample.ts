import { InputError } from '../../base/errors.js';
import { HASHES } from '../../base/mix.js';
import { ArgCache } from '../arg-cache.js';
import { type EventBlock, newBlock } from '../block.js';
import { TraceMeta } from '../meta.js';
import { HAS, OP, OPS } from '../op.js';
import type { TraceSource } from '../source.js';
import type { Trace } from '../trace.js';
import { PageIdentity } from './identity.js';

/** Ops that make whole ranges again, or move pages between kinds of memory: a sample of their pages is not what they do. */
const WHOLE_RANGES: ReadonlySet<number> = new Set([OP.unpin, OP.pin, OP.migrate, OP['dma-pin']]);

/**
 * A sample of the pages of a trace: of reads, writes, preads and pwrites what is of these pages, and all else as it is. One of
 * `rate` pages is in it, by a hash of what the page is (SHARDS: Waldspurger, Park, Garthwaite, Ahmad 2015).
 *
 * @throws InputError, when its blocks are taken, for a trace that is a sample, or has events of whole ranges
 */
export class SampledTrace implements TraceSource {
  readonly meta: TraceMeta;
  readonly strings;
  private readonly args: ArgCache;
  private readonly identity = new PageIdentity();
  private readonly threshold: number;
  private taken = 0;
  private line = 1;
  private out = newBlock();

  constructor(
    private readonly trace: Trace,
    private readonly rate: number,
  ) {
    this.strings = trace.strings;
    this.args = new ArgCache(trace.strings);
    this.threshold = HASHES / rate;
    this.meta = new TraceMeta([...trace.meta.entries()].filter(([key]) => key !== 'sample'));
    this.meta.set('sample', `1/${rate}`);
  }

  async *blocks(): AsyncGenerator<EventBlock> {
    if (this.trace.meta.sample > 1)
      throw new InputError(`is a sample already (1/${this.trace.meta.sample}), expected a whole trace`, {
        file: this.trace.name,
      });
    for await (const block of this.trace.blocks()) {
      for (let row = 0; row < block.length; row++) yield* this.event(block, row);
    }
    yield this.take();
  }

  summary(): string {
    return `${this.taken} touches of one in ${this.rate} pages`;
  }

  private *event(block: EventBlock, row: number): Generator<EventBlock> {
    const op = block.op[row]!;
    if (WHOLE_RANGES.has(op))
      throw new InputError(
        `${OPS[op]!.name} is about whole ranges, which a sample of pages is not: expected a trace without it`,
        this.trace.place(block, row),
      );
    if (op === OP.read || op === OP.write) {
      const space = block.space[row]!;
      yield* this.pages(block, row, (page) => this.identity.of(space, page));
    } else if (op === OP.pread || op === OP.pwrite) {
      const { name } = this.args.required(op === OP.pread ? 'pread' : 'pwrite', block, row);
      yield* this.pages(block, row, (page) => this.identity.ofObject(name, page));
    } else {
      this.follow(block, row, op);
      yield* this.copy(block, row, block.page[row]!, block.count[row]!, 0);
    }
  }

  /** Copies the runs of sampled pages of an event. */
  private *pages(block: EventBlock, row: number, hash: (page: number) => number): Generator<EventBlock> {
    const count = block.count[row]!;
    const step = count < 0 ? -1 : 1;
    const first = block.page[row]!;
    let from = 0;
    for (let i = 0; i <= Math.abs(count); i++) {
      if (i < Math.abs(count) && hash(first + i * step) < this.threshold) continue;
      if (i > from) {
        this.taken += i - from;
        yield* this.copy(block, row, first + from * step, (i - from) * step, from);
      }
      from = i + 1;
    }
  }

  private *copy(
    from: EventBlock,
    row: number,
    page: number,
    count: number,
    ahead: number,
  ): Generator<EventBlock> {
    const { out } = this;
    const at = out.length++;
    const bits = from.fields[row]!;
    out.time[at] = from.time[row]!;
    out.page[at] = page;
    out.count[at] = count;
    out.space[at] = from.space[row]!;
    out.thread[at] = from.thread[row]!;
    out.text[at] = from.text[row]!;
    out.content[at] = from.content[row]! + (bits & HAS.contentUp ? ahead : 0);
    out.op[at] = from.op[row]!;
    out.fields[at] = bits;
    if (out.length === out.op.length) yield this.take();
  }

  private take(): EventBlock {
    const done = this.out;
    done.firstLine = this.line;
    this.line += done.length;
    this.out = newBlock();
    return done;
  }

  /** Keeps up with what pages are. */
  private follow(block: EventBlock, row: number, op: number): void {
    const { args, identity } = this;
    const space = block.space[row]!;
    const page = block.page[row]!;
    const count = block.count[row]!;
    switch (op) {
      case OP.map:
        identity.map(space, page, count, args.required('map', block, row));
        break;
      case OP.unmap:
        identity.unmap(space, page, count);
        break;
      case OP.remap:
        identity.remap(space, page, count, args.required('remap', block, row));
        break;
      case OP.fork:
        identity.fork(space, args.required('fork', block, row).child);
        break;
      case OP.exit:
        identity.exit(space);
        break;
    }
  }
}
