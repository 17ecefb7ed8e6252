import type { DiscardPolicy, Kernel, PageRange } from '../policy/discard/contract.js';
import { Later } from '../policy/discard/later/later.js';

/** A clock that is set by hand. */
class HandClock {
  nowUs = 0;
  private timers: { timeUs: number; call: () => void }[] = [];

  at(timeUs: number, call: () => void): void {
    this.timers.push({ timeUs: Math.max(timeUs, this.nowUs), call });
  }

  goTo(timeUs: number): void {
    for (;;) {
      const [next] = this.timers.toSorted((a, b) => a.timeUs - b.timeUs);
      if (!next || next.timeUs > timeUs) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.nowUs = next.timeUs;
      next.call();
    }
    this.nowUs = timeUs;
  }
}

const VALUES = {
  delay: 0,
  keep: 0 as number | string,
  curve: 'step',
  idle: 'timer',
  muzzy: 0,
  rate: 0,
  pace: 0,
  top: 0,
};

/**
 * A policy that gives back later, of private memory without end; `given` has each page that is given back, as time:space:page.
 *
 * @param lookup what is mapped of a range
 */
export function setUpLater(values: Partial<typeof VALUES>, lookup: Kernel['lookup'] = () => []) {
  const clock = new HandClock();
  const given: string[] = [];
  const note = (what: string) => (range: PageRange) => {
    for (let i = 0; i < range.count; i++)
      given.push(`${clock.nowUs}:${range.space}:${range.page + i}${what}`);
  };
  const inner: DiscardPolicy = { discard: note(''), unpin() {}, pin() {} };
  const kernel = {
    lookup,
    madvise: (range: PageRange) => {
      note(' free')(range);
      return 0;
    },
  } as unknown as Kernel;
  const context = { kernel, clock, program: undefined as never, values: { ...VALUES, ...values } };
  const policy = new Later(inner, context, false);
  return { clock, given, policy };
}
