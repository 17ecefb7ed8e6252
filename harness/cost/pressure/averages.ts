/** Fixed-point numbers with 11 bits behind the point, as the load average has them (include/linux/sched/loadavg.h). */
const FIXED_1 = 2 ** 11;
/** What is left of each average after a period: 1/exp(2s/10s), 1/exp(2s/60s), 1/exp(2s/300s). Source: kernel/sched/psi.c. */
const DECAYS = [1677, 1981, 2034] as const;
/** PSI_FREQ, 2 * HZ + 1 ticks of a kernel with 250 of them a second. */
export const PERIOD_NS = 501 * 4e6;

/** Shares of time, in percent, by how far they look back. */
export interface Averages {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
}

/** calc_load: an average, after a period in which it was `active`. */
function calcLoad(load: number, decay: number, active: number): number {
  const rounded = active >= load ? FIXED_1 - 1 : 0;
  return Math.floor((load * decay + active * (FIXED_1 - decay) + rounded) / FIXED_1);
}

/** fixed_power_int: a decay over a number of periods. */
function fixedPower(decay: number, periods: number): number {
  let result = FIXED_1;
  for (let x = decay, n = periods; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = Math.floor((result * x + FIXED_1 / 2) / FIXED_1);
    x = Math.floor((x * x + FIXED_1 / 2) / FIXED_1);
  }
  return result;
}

/** The three averages of a kind of pressure, as kernel/sched/psi.c keeps them: in fixed point, updated once in a period. */
export class PressureAverages {
  private readonly loads = [0, 0, 0];

  /** A period in which `ns` of time were lost is over (calc_avgs). */
  update(ns: number): void {
    const percent = Math.floor((Math.floor(ns) * 100) / PERIOD_NS) * FIXED_1;
    DECAYS.forEach((decay, i) => {
      this.loads[i] = calcLoad(this.loads[i]!, decay, percent);
    });
  }

  /** A number of periods are over in which no time was lost (calc_load_n). */
  skip(periods: number): void {
    DECAYS.forEach((decay, i) => {
      this.loads[i] = calcLoad(this.loads[i]!, fixedPower(decay, periods), 0);
    });
  }

  /** As `memory.pressure` prints them: with two digits behind the point. */
  get values(): Averages {
    const [avg10, avg60, avg300] = this.loads.map((load) => Math.floor((load * 100) / FIXED_1) / 100) as [
      number,
      number,
      number,
    ];
    return { avg10, avg60, avg300 };
  }
}
