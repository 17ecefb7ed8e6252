import type { RandomStream } from '../../../stats/random.js';

const LOWEST = 0.001;
/** Periods without a gain after which the rate starts again. */
const PATIENCE = 10;

function toThousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * The learning rate of CACHEUS: climbs towards the rate with the best hit ratio. At the end of each period, as many
 * requests as the cache has pages, it goes on in its direction if hits and rate moved alike, and back if not; where the
 * rate stood still and hits fell it takes a random step; after ten periods without a gain it starts again.
 */
export class LearningRate {
  value = 0;
  private start = 0;
  private period = 0;
  private previous = 0;
  private hits = 0;
  private requests = 0;
  private hitRatio = 0;
  private withoutHits = 0;
  private withLoss = 0;

  /** @param period in requests */
  constructor(
    period: number,
    private readonly random: RandomStream,
  ) {
    this.restart(period);
  }

  /** Starts again, with periods of another length. */
  restart(period: number): void {
    this.period = period;
    this.value = Math.sqrt((2 * Math.LN2) / period);
    this.start = Math.min(Math.max(this.value, LOWEST), 1);
    this.previous = 0;
    this.hits = 0;
    this.requests = 0;
  }

  /** Counts a request. The one that ends a period counts in the next. */
  request(hit: boolean): void {
    if (++this.requests >= this.period) this.update();
    if (hit) this.hits++;
  }

  private update(): void {
    const hitRatio = toThousandths(this.hits / this.period);
    const gain = toThousandths(hitRatio - this.hitRatio);
    const before = this.value;
    const change = toThousandths(before) - toThousandths(this.previous);
    const alike = change * gain;
    if (alike !== 0) {
      const step = Math.abs(before * change);
      this.value = alike > 0 ? Math.min(before + step, 1) : Math.max(before - step, LOWEST);
      this.withLoss = 0;
      this.withoutHits = 0;
    } else if (gain <= 0) this.stagnate(hitRatio, gain);
    this.previous = before;
    this.hitRatio = hitRatio;
    this.hits = 0;
    this.requests = 0;
  }

  private stagnate(hitRatio: number, gain: number): void {
    const loss = gain < 0;
    if (hitRatio <= 0 || loss) this.withoutHits++;
    if (loss) this.withLoss++;
    if (this.withoutHits >= PATIENCE) {
      this.value = this.start;
      this.withoutHits = 0;
    } else if (loss && this.withLoss >= PATIENCE) {
      this.value = this.start;
      this.withLoss = 0;
    } else if (loss) this.step();
  }

  private step(): void {
    if (this.value >= 1) this.value = 0.9;
    else if (this.value <= LOWEST) this.value = 0.005;
    else if (this.random() < 0.5) this.value = Math.min(this.value * 1.25, 1);
    else this.value = Math.max(this.value * 0.75, LOWEST);
  }
}
