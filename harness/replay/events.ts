import { InputError } from '../base/errors.js';
import { Refusal } from '../contract/refusal.js';
import type { Target } from '../contract/target.js';
import type { ArgCache } from '../trace/arg-cache.js';
import type { ArgOf, FadviseArg, FallocateArg, MapArg, MapFlag, ProcessMadviseArg } from '../trace/args.js';
import type { EventBlock } from '../trace/block.js';
import { type Advice, HAS, OP, OPS, type OpName } from '../trace/op.js';
import type { Discarding } from './discarding.js';
import type { KindChange } from './memory-kind.js';

/** What brings in all pages of a range: in a sample of the pages they come with their first access. */
const POPULATING: readonly MapFlag[] = ['populate', 'locked'];
const POPULATING_ADVICE: readonly Advice[] = ['MADV_POPULATE_READ', 'MADV_POPULATE_WRITE', 'MADV_WILLNEED'];

function withoutPopulating(arg: MapArg): MapArg {
  return { ...arg, flags: new Set([...arg.flags].filter((flag) => !POPULATING.includes(flag))) };
}

/** Carries out what spaces do, and what happens to objects, except reads and writes. The discard policy hears what it needs to know. */
export class Events {
  /** By op: why the machine refuses it. */
  private readonly refused: (string | undefined)[];

  constructor(
    private readonly target: Target,
    private readonly args: ArgCache,
    private readonly discarding: Discarding,
    private readonly kindChange: KindChange | undefined,
    private readonly isSample: boolean,
  ) {
    this.refused = OPS.map(({ name }) => target.refusals.ops[name as OpName]);
  }

  /**
   * Carries out an event.
   *
   * @throws InputError when it makes no sense
   * @throws Refusal when the machine does not have it
   */
  run(block: EventBlock, row: number, op: number): void {
    const refused = this.refused[op];
    if (refused !== undefined) throw new Refusal(refused);
    if (block.fields[row]! & HAS.space) this.ofSpace(block, row, op);
    else this.ofNoSpace(block, row, op);
  }

  private ofSpace(block: EventBlock, row: number, op: number): void {
    const { target, args, discarding } = this;
    const space = block.space[row]!;
    const page = block.page[row]!;
    const count = block.count[row]!;
    switch (op) {
      case OP.spawn:
        this.spawn(space, args.of('spawn', block, row));
        break;
      case OP.fork: {
        const { child, oomScoreAdj } = args.required('fork', block, row);
        target.fork(space, child, oomScoreAdj);
        discarding.forked(space, child);
        break;
      }
      case OP.exit:
        discarding.exited(space);
        target.exit(space);
        break;
      case OP.map:
        discarding.unmapped(space, page, count);
        this.map(space, page, count, args.required('map', block, row));
        break;
      case OP.unmap:
        discarding.unmapped(space, page, count);
        target.unmap(space, page, count);
        break;
      case OP.remap: {
        const arg = args.required('remap', block, row);
        if (arg.to !== undefined) discarding.unmapped(space, arg.to, count);
        target.remap(space, page, count, arg);
        if (arg.to !== undefined) discarding.moved(space, page, count, arg.to);
        break;
      }
      case OP.protect:
        target.protect(space, page, count, args.required('protect', block, row).protection);
        break;
      case OP.lock:
        if (!this.isSample)
          target.lock(space, page, count, args.of('lock', block, row) ? 'lock onfault' : 'lock');
        break;
      case OP.unlock:
        if (!this.isSample) target.lock(space, page, count, 'unlock');
        break;
      case OP.mlockall:
        if (!this.isSample) target.lockAll(space, args.required('mlockall', block, row));
        break;
      case OP.munlockall:
        if (!this.isSample) target.lockAll(space, undefined);
        break;
      case OP['dma-pin']:
      case OP['dma-unpin']:
        this.pin(space, page, count, op === OP['dma-pin']);
        break;
      case OP.process_madvise:
        this.processMadvise(space, page, count, args.required('process_madvise', block, row));
        break;
      case OP.madvise:
        this.madvise(space, page, count, block, row);
        break;
      case OP.prctl:
        target.prctl(space, args.required('prctl', block, row));
        break;
      case OP.discard:
        discarding.discard({ space, page, count });
        break;
      case OP.unpin: {
        const regenNs = args.of('unpin', block, row)?.regenNs ?? 0;
        discarding.unpin({ space, page, count, regenNs });
        break;
      }
      case OP.pin:
        discarding.pin({ space, page, count });
        break;
      default:
        this.ofNoSpace(block, row, op);
    }
  }

  /** What happens to objects, and to files through descriptors: by a space, or by no one in particular. */
  private ofNoSpace(block: EventBlock, row: number, op: number): void {
    const { target, args } = this;
    const page = block.page[row]!;
    const count = block.count[row]!;
    switch (op) {
      case OP.object:
        this.declare(block, row, count);
        break;
      case OP.close:
        this.close(args.required('close', block, row).name);
        break;
      case OP.truncate:
        target.truncate(args.required('truncate', block, row).name, count);
        break;
      case OP.sync:
        target.sync(args.required('sync', block, row).name);
        break;
      case OP.migrate:
        target.migrate(page, count, args.required('migrate', block, row));
        break;
      case OP.fallocate:
        this.fallocate(page, count, args.required('fallocate', block, row));
        break;
      case OP.fadvise:
        this.fadvise(page, count, args.required('fadvise', block, row));
        break;
      case OP.pread:
        target.pread(args.required('pread', block, row).name, page, count);
        break;
      case OP.pwrite:
        this.pwrite(block, row, page, count);
        break;
      default:
        throw new InputError(`${OPS[op]!.name} is not modelled by this version`);
    }
  }

  private spawn(space: number, arg: ArgOf['spawn'] | undefined): void {
    if (arg?.cgroup !== undefined && this.refused[OP.cgroup] !== undefined)
      throw new Refusal(this.refused[OP.cgroup]!);
    this.target.spawn(space, arg?.name ?? '', arg?.oomScoreAdj);
    if (arg?.cgroup !== undefined) this.target.cgroup(space, { path: arg.cgroup, writes: [] });
  }

  private madvise(space: number, page: number, count: number, block: EventBlock, row: number): void {
    const { advice } = this.args.required('madvise', block, row);
    if (this.takesPart(advice)) this.target.madvise(space, page, count, advice);
  }

  private processMadvise(
    space: number,
    page: number,
    count: number,
    { target, advice }: ProcessMadviseArg,
  ): void {
    if (this.takesPart(advice)) this.target.processMadvise(space, target, page, count, advice);
  }

  /** Whether an advice is carried out. @throws Refusal when the machine does not have it */
  private takesPart(advice: Advice): boolean {
    const refused = this.target.refusals.advice[advice];
    if (refused !== undefined) throw new Refusal(refused);
    return !this.isSample || !POPULATING_ADVICE.includes(advice);
  }

  private pin(space: number, page: number, count: number, pinned: boolean): void {
    if (this.isSample)
      throw new Refusal(
        'a trace that is a sample of its pages cannot pin ranges for a device: which of their pages are there is not known',
      );
    if (pinned) this.target.dmaPin(space, page, count);
    else this.target.dmaUnpin(space, page, count);
  }

  private fadvise(page: number, count: number, arg: FadviseArg): void {
    // In a sample of the pages what is read ahead comes with its first access.
    if (!this.isSample || arg.advice !== 'willneed') this.target.fadvise(page, count, arg);
  }

  private map(space: number, page: number, count: number, arg: MapArg): void {
    const made = this.isSample ? withoutPopulating(arg) : arg;
    if (this.kindChange) this.kindChange.map(this.target, space, page, count, made);
    else this.target.map(space, page, count, made);
  }

  private fallocate(page: number, count: number, arg: FallocateArg): void {
    if (!this.isSample || arg.mode === 'punch') this.target.fallocate(page, count, arg);
  }

  private declare(block: EventBlock, row: number, pages: number): void {
    const arg = this.args.required('object', block, row);
    if (arg.kind === 'tmpfs' && this.isSample)
      throw new Refusal(
        'a tmpfs of a size is full at other moments in a sample of the pages, expected the whole trace',
      );
    if (this.kindChange) this.kindChange.declare(this.target, pages, arg);
    else this.target.object(pages, arg);
  }

  private close(name: string): void {
    if (this.kindChange) this.kindChange.close(this.target, name);
    else this.target.close(name);
  }

  private pwrite(block: EventBlock, row: number, page: number, count: number): void {
    const { name } = this.args.required('pwrite', block, row);
    const bits = block.fields[row]!;
    const contents =
      bits & HAS.content ? { content: block.content[row]!, up: (bits & HAS.contentUp) !== 0 } : undefined;
    this.target.pwrite(name, page, count, contents);
  }
}
