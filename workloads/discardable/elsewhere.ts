import type { BlockBuilder } from '../../harness/trace/block.js';
import type { WorkloadContext } from '../../harness/trace/source.js';
import type { Actor } from '../common/time-queue.js';

/** First page of the program's memory: 4 GiB, away from page 0. */
const BASE = 2 ** 20;
/** Steps in which it grows; it rests as long. */
const STEPS = 8;

/** Another program that needs memory at times: grows in steps, rests, gives all of it back, and begins again. */
export class Elsewhere implements Actor {
  readonly rank = 1;
  nextUs = 0;
  private round = 0;
  private step = 0;
  private readonly pages: number;
  private readonly periodUs: number;

  /**
   * @param space of the program
   * @param over whether there is nothing left to disturb
   */
  constructor(
    private readonly builder: BlockBuilder,
    private readonly values: WorkloadContext['values'],
    private readonly space: number,
    private readonly over: () => boolean,
  ) {
    this.pages = values.elsewhere as number;
    this.periodUs = (values.elsewhere_s as number) * 1e6;
    if (this.pages > 0) builder.add(0, 'spawn', { space, text: 'elsewhere' });
    this.next();
  }

  /** At most 3 events. */
  act(): void {
    if (this.over()) {
      this.nextUs = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.step === 2 * STEPS) this.shrink();
    else this.grow();
    this.next();
  }

  private next(): void {
    if (this.step === 2 * STEPS) {
      this.round++;
      this.step = 0;
    }
    // The steps after the last of growth are passed over: it rests until the end of the round.
    this.step = this.step === STEPS ? 2 * STEPS : this.step + 1;
    this.nextUs = Math.round((this.round + this.step / (2 * STEPS)) * this.periodUs);
  }

  private grow(): void {
    const { builder, space, pages, step, nextUs: now } = this;
    const { pressure } = this.values;
    if (pages > 0) {
      if (step === 1) builder.add(now, 'map', { space, page: BASE, count: pages, text: 'anon' });
      const from = Math.floor((pages * (step - 1)) / STEPS);
      const to = Math.floor((pages * step) / STEPS);
      builder.addTouch(now, true, space, BASE + from, to - from);
    }
    if (step === STEPS / 2 && pressure !== 'none' && pressure !== 'critical')
      builder.add(now, 'pressure', { text: 'moderate' });
    if (step === STEPS && pressure !== 'none' && pressure !== 'moderate')
      builder.add(now, 'pressure', { text: 'critical' });
  }

  private shrink(): void {
    if (this.pages === 0) return;
    this.builder.add(this.nextUs, 'unmap', { space: this.space, page: BASE, count: this.pages });
  }
}
