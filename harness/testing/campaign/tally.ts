import type { Round } from './part.js';

const SHOWN = 20;

/** What a part has tried so far. Failures are printed at once, so that a campaign that is ended has told them. */
export class Tally {
  private tried = 0;
  private seeds = 0;
  private ms = 0;
  private failedSeeds = 0;
  private readonly counts: Record<string, number> = {};

  constructor(
    private readonly part: string,
    private readonly first: number,
    private readonly print: (text: string) => void,
  ) {}

  get failed(): number {
    return this.failedSeeds;
  }

  add(seed: number, { tried, failures, counts = {} }: Round): void {
    this.tried += tried;
    this.seeds++;
    for (const [name, count] of Object.entries(counts)) this.counts[name] = (this.counts[name] ?? 0) + count;
    if (failures.length > 0) this.fail(seed, failures);
  }

  fail(seed: number, failures: readonly string[]): void {
    this.failedSeeds++;
    if (this.failedSeeds > SHOWN) return;
    for (const failure of failures) this.print(`${this.part}, seed ${seed}: ${failure.trim()}`);
    this.print(`  again: npm run campaign -- --part ${this.part} --seed ${seed} --seeds 1`);
  }

  /** Counts time that was spent on the part. */
  spend(ms: number): void {
    this.ms += ms;
  }

  /** One line: tried, failed, time, rate, seeds, counts. */
  summary(): string {
    const seconds = this.ms / 1000;
    const rate = seconds > 0 ? (this.tried / seconds).toPrecision(3) : '0';
    const last = this.first + Math.max(0, this.seeds - 1);
    const counts = Object.entries(this.counts).map(([name, count]) => `, ${count} ${name}`);
    return (
      `${this.part}: ${this.tried} tried, ${this.failedSeeds} seeds failed, ` +
      `${Math.round(seconds)} s, ${Number(rate)} a second, seeds ${this.first} to ${last}${counts.join('')}`
    );
  }
}
