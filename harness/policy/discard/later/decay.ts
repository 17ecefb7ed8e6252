/** Steps of the curve, and of the history that it weighs. Source: SMOOTHSTEP_NSTEPS in include/jemalloc/internal/smoothstep.h. */
export const STEPS = 200;
/** Bits behind the point of the weights. Source: SMOOTHSTEP_BFP, the same file. */
const WEIGHT_ONE = 2 ** 24;

/** Ken Perlin's smootherstep, 6x⁵ - 15x⁴ + 10x³, in jemalloc's fixed point: what is kept of pages, by how new they are. */
export const WEIGHTS = Float64Array.from({ length: STEPS }, (_, i) => {
  const x = (i + 1) / STEPS;
  return Math.floor(x ** 3 * (x * (6 * x - 15) + 10) * WEIGHT_ONE);
});

/**
 * How many unused pages jemalloc keeps: those that came up in each of the last 200 steps of the decay time, weighed by a
 * sigmoid. It looks once a step, and what it counts as new is what there is beyond the most that there was at its last look.
 * Without its jitter of deadlines, which is at most a step.
 *
 * Source: decay_maybe_advance_epoch, decay_backlog_update and decay_backlog_npages_limit in src/decay.c of jemalloc 5.3.
 */
export class Decay {
  /** Pages to keep, as of the last look. */
  limit = 0;
  private readonly backlog = new Float64Array(STEPS);
  private unpurged = 0;
  private readonly stepUs: number;

  /** @param decayUs at least `STEPS` µs */
  constructor(
    decayUs: number,
    private epochUs: number,
  ) {
    this.stepUs = Math.floor(decayUs / STEPS);
  }

  /** When it looks next. */
  get nextUs(): number {
    return this.epochUs + this.stepUs;
  }

  /** Looks, if a step is over. Returns whether it did. @param pages unused now */
  advance(nowUs: number, pages: number): boolean {
    const steps = Math.floor((nowUs - this.epochUs) / this.stepUs);
    if (steps === 0) return false;
    this.epochUs += steps * this.stepUs;
    const { backlog } = this;
    if (steps < STEPS) backlog.copyWithin(0, steps);
    backlog.fill(0, Math.max(0, STEPS - steps));
    backlog[STEPS - 1] = Math.max(0, pages - this.unpurged);
    const weighed = backlog.reduce((sum, one, i) => sum + one * WEIGHTS[i]!, 0);
    this.limit = Math.floor(weighed / WEIGHT_ONE);
    this.unpurged = Math.max(this.limit, pages);
    return true;
  }
}
