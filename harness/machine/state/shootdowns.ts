import type { CostTable } from '../../cost/table.js';
import type { Space } from './space.js';

/** For how long after its last event a thread counts as one that a CPU runs, in µs. */
const RUNS_US = 100_000;

/**
 * TLB shootdowns: who changes page table entries waits until all other CPUs that run the space have dropped what they cached
 * of them. Entries are noted as they change, and are paid for together where the kernel flushes: at the end of a call, of a
 * copy on write, of a batch of reclaim.
 *
 * A space runs on as many CPUs as it has threads that had an event within `RUNS_US`, and at most on all. A thread that computes
 * for longer without an event is not seen; one that sleeps may be counted (a kernel leaves idle CPUs out, `cpu_tlbstate.is_lazy`).
 *
 * Source: mmu_gather in mm/mmu_gather.c, arch_tlbbatch_flush and flush_tlb_mm_range in arch/x86/mm/tlb.c.
 */
export class Shootdowns {
  /** By space, then thread: its last event, in µs of trace time. */
  private readonly threads = new Map<number, Map<number, number>>();
  /** Spaces of which entries have changed. */
  private readonly changedOf = new Set<Space>();

  /** @param cpus of the machine, at least two */
  constructor(
    private readonly cpus: number,
    private readonly prices: CostTable['tlb_shootdown'],
  ) {}

  /** An event of a thread begins. What was not paid for before has no price: page tables that go with their space, merging for free. */
  begins(space: number, thread: number, nowUs: number): void {
    this.changedOf.clear();
    const own = this.threads.get(space);
    if (own) own.set(thread, nowUs);
    else this.threads.set(space, new Map([[thread, nowUs]]));
  }

  /** Entries of a space have changed that CPUs may have cached. */
  changed(space: Space): void {
    this.changedOf.add(space);
  }

  /** A space is gone. */
  ended(space: number): void {
    this.threads.delete(space);
    this.changedOf.clear();
  }

  /**
   * Flushes what has changed. Returns the ns that it takes.
   *
   * @param by the space whose thread waits for it; undefined for a daemon
   */
  flush(by: number | undefined, nowUs: number): number {
    let ns = 0;
    for (const { id } of this.changedOf) ns += this.priceOf(this.others(id, by === id, nowUs));
    this.changedOf.clear();
    return ns;
  }

  /** CPUs that run a space, other than that of the thread that waits. */
  private others(space: number, isOwn: boolean, nowUs: number): number {
    let running = isOwn ? -1 : 0;
    for (const lastUs of this.threads.get(space)?.values() ?? []) if (lastUs > nowUs - RUNS_US) running++;
    return Math.min(this.cpus - 1, Math.max(0, running));
  }

  private priceOf(others: number): number {
    return others === 0 ? 0 : this.prices.first.ns + (others - 1) * this.prices.further.ns;
  }
}
