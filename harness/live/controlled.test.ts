import { describe, expect, it } from 'vitest';
import { controllers } from '../policy/controller/registry.js';
import type { Errno } from '../policy/discard/contract.js';
import type { Account } from './account.js';
import { LiveController } from './controlled.js';
import { parsePressure } from './pressure.js';
import { LIVE_OP } from './protocol.js';
import type { Session } from './session.js';

const S = 1e6;
const NAME = 'senpai:interval=1s,probe=10,pressure=1,groups=web+late';

/** A kernel with the group `web`, and `late` where it is said so; each turn reads the next total of its pressure. */
function kernel(totals: readonly (number | undefined)[], { late = false, answer = 0 as Errno } = {}) {
  const asked: [path: string, pages: number][] = [];
  const paced: number[] = [];
  let turn = 0;
  const session = {
    queue: (code: number, _slot: number, _page: number, _count: number, a: number) => {
      if (code === LIVE_OP.pace) paced.push(a);
      return 0;
    },
    flush: () => undefined,
    get: (path: string) => {
      if (path.endsWith('/memory.current')) return `${1008 * 4096}\n`;
      const total = totals[Math.min(turn++, totals.length - 1)];
      if (total === undefined) return undefined;
      return `some avg10=1.50 avg60=0.25 avg300=0.00 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n`;
    },
  } as unknown as Session;
  const account = {
    controlled: (path: string) =>
      path === 'web' || late
        ? {
            folder: `/g/${path}`,
            ownPages: 8,
            ask: (pages: number): Errno => {
              asked.push([path, pages]);
              return answer;
            },
          }
        : undefined,
  } as unknown as Account;
  const { info, values } = controllers.choose(NAME);
  const controller = new LiveController(NAME, info.create(values, 1)!, account, session, 5 * S);
  return { asked, paced, controller };
}

describe('a controller on a live kernel', () => {
  it('has its turns at their time in the trace, and goes by what has stalled since the last one', () => {
    const { asked, paced, controller } = kernel([2000, 7000, 30_000]);
    for (let turn = 1; turn <= 3; turn++) {
      expect(controller.dueUs).toBe((5 + turn) * S);
      controller.run();
    }
    expect(paced).toEqual([1 * S, 2 * S, 3 * S]);
    // 1 % of 1 s is 10 ms: 2 of them leave 80 % of 100 pages, 5 half, and 23 nothing.
    expect(asked).toEqual([
      ['web', 80],
      ['web', 50],
    ]);
  });

  it('takes it as it comes that not all pages could go, and refuses a kernel without memory.reclaim or PSI', () => {
    const few = kernel([0], { answer: 'EAGAIN' });
    few.controller.run();
    expect(few.asked).toEqual([['web', 100]]);
    expect(() => kernel([0], { answer: 'ENOENT' as Errno }).controller.run()).toThrow(
      `controller ${NAME} writes memory.reclaim, which this kernel does not take (ENOENT)`,
    );
    expect(() => kernel([undefined]).controller.run()).toThrow(/goes by memory\.pressure/);
  });

  it('says which group is not in the trace, once it has had a turn', () => {
    const { controller } = kernel([0]);
    controller.finish();
    controller.run();
    expect(() => controller.finish()).toThrow('the trace has no cgroup late when it has its turn');
    const both = kernel([0], { late: true });
    both.controller.run();
    both.controller.finish();
    expect(both.asked.map(([path]) => path)).toEqual(['web', 'late']);
  });
});

describe('memory.pressure', () => {
  it('is read line by line; what is not there is not a number', () => {
    const { some, full } = parsePressure('some avg10=1.50 avg60=0.25 avg300=0.01 total=1234\n');
    expect(some).toEqual({ avg10: 1.5, avg60: 0.25, avg300: 0.01, total: 1234 });
    expect(full.total).toBeNaN();
  });
});
