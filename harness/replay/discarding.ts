import { PART } from '../cost/ledger.js';
import type { Machine } from '../machine/machine.js';
import type { Space } from '../machine/state/space.js';
import type { SharedObject } from '../machine/state/vma.js';
import type {
  DiscardPolicy,
  DiscardPolicyInfo,
  PageRange,
  Pressure,
  Unpinned,
} from '../policy/discard/contract.js';
import type { Chosen } from '../policy/registry.js';
import { PAGE_LIMIT } from '../trace/op.js';
import { SimulatedKernel } from './kernel.js';
import { SimulatedProgram } from './program.js';
import { UnpinnedRanges } from './unpinned.js';

/** The discard policy of a replay: what it is told, and at which part of the stall times its calls are. */
export class Discarding {
  readonly kernel: SimulatedKernel;
  readonly program: SimulatedProgram;
  /** Whether the policy wants to hear of writes. */
  watching = false;
  private readonly policy: DiscardPolicy;
  private readonly unpinned = new UnpinnedRanges();

  constructor(
    private readonly machine: Machine,
    { info, values }: Chosen<DiscardPolicyInfo>,
  ) {
    this.kernel = new SimulatedKernel(machine, values.destroy === 1);
    this.program = new SimulatedProgram(machine, this.kernel);
    this.policy = info.create({ kernel: this.kernel, program: this.program, values });
    if (this.policy.sigbus) machine.sigbusHandler = (space, vpn) => this.sigbus(space, vpn);
  }

  discard(range: PageRange): void {
    if (range.count > 0) this.tell(PART.discard, () => this.policy.discard(range));
  }

  unpin(range: Unpinned): void {
    if (range.count === 0) return;
    this.unpinned.add(range);
    this.tell(PART.discard, () => this.policy.unpin(range));
  }

  pin(range: PageRange): void {
    if (range.count === 0) return;
    const ended = this.unpinned.take(range);
    this.tell(PART.pin, () => {
      for (const unpinned of ended) this.policy.pin(unpinned, unpinned);
      if (ended.length === 0) this.policy.pin(range, undefined);
    });
  }

  pressure(level: Pressure): void {
    this.tell(PART.discard, () => this.policy.pressure?.(level));
  }

  /** Pages are about to be written, a negative count downwards. Only called while `watching`. */
  beforeWrite(space: number, page: number, count: number): void {
    const { ledger } = this.machine;
    const before = ledger.spentNs;
    const range = count < 0 ? { space, page: page + count + 1, count: -count } : { space, page, count };
    this.tell(PART.discard, () => this.policy.beforeWrite?.(range));
    ledger.stalled(ledger.spentNs - before);
  }

  /** Pages of an object are about to be written through a descriptor: told as a write through what maps them. */
  beforeFileWrite(object: SharedObject, first: number, count: number): void {
    for (const vma of [...object.mappings]) {
      const page = Math.max(vma.start, vma.start + first - vma.objectPage);
      const end = Math.min(vma.end, vma.start + first + count - vma.objectPage);
      if (page < end) this.beforeWrite(vma.space.id, page, end - page);
    }
  }

  unmapped(space: number, page: number, count: number): void {
    if (this.policy.unmapped && count > 0)
      this.tell(PART.discard, () => this.policy.unmapped?.({ space, page, count }));
  }

  moved(space: number, page: number, count: number, to: number): void {
    this.tell(PART.discard, () => this.policy.moved?.({ space, page, count }, to));
  }

  forked(parent: number, child: number): void {
    this.tell(PART.discard, () => this.policy.forked?.(parent, child));
  }

  /** A space is about to end. */
  exited(space: number): void {
    this.unpinned.dropSpace(space);
    this.unmapped(space, 0, PAGE_LIMIT);
  }

  private sigbus(space: Space, vpn: number): boolean {
    return this.tell(
      PART.sigbus,
      () => this.policy.sigbus?.({ space: space.id, page: vpn, count: 1 }) === true,
    );
  }

  private tell<T>(part: number, work: () => T): T {
    const outer = this.kernel.part;
    this.kernel.part = part;
    const result = work();
    this.kernel.part = outer;
    this.watching = this.policy.watchesWrites === true;
    return result;
  }
}
