import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStreams } from '../stats/random.js';
import { completeRows } from './complete.js';
import { Device } from './device.js';
import { Latencies } from './latencies.js';
import { Account, EVENT, Ledger, PART } from './ledger.js';
import { callNs, costsNote, loadCosts, readCosts } from './table.js';

const costs = loadCosts();

describe('prices of calls', () => {
  it('are the measured ones at the measured sizes, and linear in between', () => {
    const { dontneed_anon: call } = costs.calls;
    expect([1, 16, 512, 16384].map((pages) => callNs(call, pages, 0))).toEqual([658, 3301, 37965, 6298727]);
    expect(callNs(call, 8.5, 0)).toBe((658 + 3301) / 2);
    expect(callNs(call, 0, 1)).toBe(198);
    expect(callNs(call, 0, 0)).toBe(0);
  });

  it('go on beyond the largest measured size, and never below zero', () => {
    const { dontneed_anon: call } = costs.calls;
    const perPage = (6298727 - 37965) / (16384 - 512);
    expect(callNs(call, 32768, 0)).toBeCloseTo(6298727 + 16384 * perPage, 3);
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), (present, absent) => {
        for (const any of Object.values(costs.calls))
          expect(callNs(any, present, absent)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('say where they come from', () => {
    const rows = [
      costs.touch,
      costs.remove_extra,
      costs.fd_lookup,
      ...Object.values(costs.faults),
      ...Object.values(costs.calls),
    ];
    for (const { source } of rows) expect(source.length).toBeGreaterThan(5);
  });
});

describe('a cost table of a user', () => {
  /** What is read of a file of these rows. */
  function read(rows: unknown) {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-costs-'));
    const path = join(folder, 'costs.json');
    try {
      writeFileSync(path, JSON.stringify(rows));
      return readCosts(path);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('takes rows that it lacks from the default, and names them', () => {
    const { touch, faults, calls, ...others } = costs;
    const { cow_ksm, ...someFaults } = faults;
    const free = {
      present: [
        [1, 5],
        [2, 7],
      ],
      source: 'here',
    };
    const result = read({ ...others, faults: { ...someFaults, anon_read: { ns: 7 } }, calls: { free } });
    expect(result.fromDefault).toEqual([
      'touch',
      'faults.cow_ksm',
      ...Object.keys(calls).flatMap((name) => (name === 'free' ? ['calls.free.absent'] : [`calls.${name}`])),
    ]);
    expect(result.costs).toEqual({
      ...costs,
      faults: { ...faults, anon_read: { ns: 7, source: 'not stated' } },
      calls: { ...calls, free: { ...free, absent: calls.free.absent } },
    });
    expect(costsNote('mine.json', result.fromDefault.slice(0, 2))).toBe(
      'mine.json: not in this cost table and taken from the default: touch, faults.cow_ksm',
    );
  });

  it('is the default where it says nothing, and itself where it says everything', () => {
    expect(read({ name: costs.name, provenance: costs.provenance }).costs).toEqual(costs);
    expect(read(costs)).toEqual({ costs, fromDefault: [] });
    expect(costsNote('all.json', [])).toBeUndefined();
  });

  it('loses nothing when the default has a row more', () => {
    const newer = {
      ...costs,
      ksm: { ...costs.ksm, of_a_later_version: { ns: 3, source: 'a later version' } },
    };
    const { rows, fromDefault } = completeRows(costs, newer);
    expect(rows).toEqual(newer);
    expect(fromDefault).toEqual(['ksm.of_a_later_version']);
  });

  it.each([
    ['a wrong price', { touch: { ns: -1 } }, /costs\.json: touch\.ns: /],
    ['a number for a group', { faults: 3 }, /costs\.json: faults: .*expected object/],
    [
      'an unknown row',
      { faults: { cow_kms: { ns: 1, source: 'x' } } },
      /costs\.json: unknown row of a cost table "faults\.cow_kms", .* did you mean faults\.cow_ksm\?/,
    ],
    ['an unknown group', { fault: {} }, /unknown row of a cost table "fault", .* did you mean faults\?/],
    [
      'an unknown field',
      { touch: { us: 1 } },
      /unknown row of a cost table "touch\.us", expected one of touch\.ns/,
    ],
    ['half a device', { devices: { ssd: { mean: 5 } } }, /costs\.json: devices\.ssd\.quantiles: /],
    ['a list', [], /costs\.json: the table is not a JSON object/],
  ])('is refused for %s', (_, rows, message) => {
    expect(() => read(rows)).toThrow(message);
  });

  it.each([
    [
      'devices.ssd.quantiles',
      [
        [0, 9],
        [0.5, 5],
        [1, 9],
      ],
      /latencies that do not fall/,
    ],
    [
      'devices.ssd.quantiles',
      [
        [0, 9],
        [0.5, 9],
        [0.5, 10],
      ],
      /rising quantiles, each once/,
    ],
    [
      'devices.ssd.quantiles',
      [
        [0.5, 9],
        [1, 10],
      ],
      /the quantile 0, the least latency, first/,
    ],
    [
      'devices.ssd.quantiles',
      [
        [0, 9],
        [1, 1e18],
      ],
      /Too big/,
    ],
    ['devices.ssd.mean', 1, /less than any distribution with these quantiles has/],
    ['devices.ssd.mean', 1e300, /Too big/],
    [
      'calls.punch.present',
      [
        [1, 5],
        [1, 9],
      ],
      /points by rising pages/,
    ],
    [
      'calls.punch.present',
      [
        [100, 5],
        [1, 9],
      ],
      /points by rising pages/,
    ],
    [
      'calls.punch.present',
      [
        [1, 1e308],
        [2, 1.7e308],
      ],
      /Too big/,
    ],
    ['touch.ns', 1e308, /Too big/],
  ])('is refused where %s is %j', (row, value, why) => {
    const table = structuredClone(costs) as unknown as Record<string, unknown>;
    const path = row.split('.');
    const last = path.pop()!;
    const group = path.reduce((at, key) => at[key] as Record<string, unknown>, table);
    group[last] = value;
    expect(() => read(table)).toThrow(why);
    expect(() => read(table)).toThrow(`costs.json: ${row}`);
  });

  it('is refused when there is no such file', () => {
    expect(() => loadCosts('none.json')).toThrow(/none\.json: no such file/);
  });
});

describe('a device', () => {
  const AHEAD = new Float64Array(1);
  /** A device with one draw of latency, and what a read of it waits. */
  const device = () => {
    const ssd = new Device(costs.devices.ssd, new RandomStreams(1, ['test']));
    return {
      read(nowNs: number, thread: number): number {
        ssd.read(nowNs, AHEAD, thread);
        return ssd.waitsNs[0]!;
      },
    };
  };
  const sorted = (count: number) => {
    const ssd = device();
    // One thread, each read long after the last: no queue.
    return Array.from({ length: count }, (_, i) => ssd.read(i * 1e9, 1)).sort((a, b) => a - b);
  };

  it('has the recorded quantiles and mean', () => {
    const samples = sorted(200_000);
    const at = (share: number) => samples[Math.floor(share * samples.length)]!;
    for (const [share, ns] of costs.devices.ssd.quantiles.slice(1))
      expect(at(share) / ns, `quantile ${share}`).toBeCloseTo(1, 1);
    const mean = samples.reduce((sum, ns) => sum + ns, 0) / samples.length;
    expect(mean / costs.devices.ssd.mean).toBeCloseTo(1, 1);
  });

  it('draws the same latencies from the same seed', () => {
    expect(sorted(50)).toEqual(sorted(50));
  });

  it('has in each draw the latencies and queues of a device of that draw alone', () => {
    const reads = fc.array(fc.record({ thread: fc.nat(3), afterNs: fc.nat(60_000), ahead: fc.nat(50_000) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(reads, (steps) => {
        const purposes = ['a', 'b', 'c'];
        const all = new Device(costs.devices.disk, new RandomStreams(1, purposes));
        const alone = purposes.map((name) => new Device(costs.devices.disk, new RandomStreams(1, [name])));
        let nowNs = 0;
        for (const { thread, afterNs, ahead } of steps) {
          nowNs += afterNs;
          all.read(nowNs, Float64Array.of(0, ahead, 2 * ahead), thread);
          alone.forEach((one, draw) => void one.read(nowNs, Float64Array.of(draw * ahead), thread));
          expect([...all.waitsNs]).toEqual(alone.map(({ waitsNs }) => waitsNs[0]));
        }
      }),
    );
  });

  it('draws from the piecewise linear distribution, at its knots too', () => {
    const knots = [...costs.devices.disk.quantiles];
    const latencies = new Latencies(costs.devices.disk);
    for (const [share, ns] of knots) expect(latencies.at(share) / ns).toBeCloseTo(1, 9);
    const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(share, (u) => {
        const after = knots.findIndex(([q]) => q >= u);
        fc.pre(after > 0);
        const [[q0, ns0], [q1, ns1]] = [knots[after - 1]!, knots[after]!];
        expect(latencies.at(u)).toBe(ns0 + ((u - q0) * (ns1 - ns0)) / (q1 - q0));
      }),
    );
  });

  it('lets a read wait for those of other threads that are being served, and never for its own thread', () => {
    const ssd = device();
    const alone = device();
    const first = ssd.read(0, 1);
    expect(first).toBe(alone.read(0, 1));
    const service = alone.read(1e9, 1);
    expect(ssd.read(1000, 2)).toBeCloseTo(service + first - 1000, 6);
    // The same thread again at the same trace time waits for the other's service only: in truth it would come after
    // its own first read.
    expect(ssd.read(2000, 1)).toBeCloseTo(alone.read(2e9, 1) + service, 6);
    const later = 1e12;
    expect(ssd.read(later, 3)).toBe(alone.read(later, 1));
  });
});

describe('the ledger', () => {
  it('books to the account that is open, to CPU or I/O, and to daemons otherwise', () => {
    const ledger = new Ledger();
    const account = new Account();
    ledger.cpu(PART.reclaim, 5);
    ledger.begin(account, 1, 2, 10);
    ledger.cpu(PART.minor, 100);
    ledger.io(PART.major, 1000);
    expect([ledger.spentNs, ledger.nowNs(10)]).toEqual([1100, 11_100]);
    ledger.end();
    ledger.io(PART.major, 7);
    expect([ledger.cpuNs(), ledger.ioWaitNs, ledger.daemonNs]).toEqual([100, 1000, 5]);
    expect(account.stallNs.reduce((sum, ns) => sum + ns, 0)).toBe(1100);
  });

  it('counts long stalls', () => {
    const ledger = new Ledger();
    for (const ns of [100_000, 100_001, 1_000_001, 10_000_001]) ledger.stalled(ns, EVENT);
    expect(ledger.totals(0, 0, 1).long).toMatchObject({ over100us: 3, over1ms: 2, over10ms: 1 });
  });

  it('books each draw of latency: touches, nested ones, and events of others within them', () => {
    const ledger = new Ledger(3);
    const [account, other] = [new Account(), new Account()];
    ledger.begin(account, 1, 0, 10);
    const outer = ledger.place();
    ledger.read(PART.major, Float64Array.of(1000, 5000, 10_000), 0);
    const inner = ledger.place();
    ledger.read(PART.regen, Float64Array.of(10, 20, 40), 0);
    expect([...ledger.aheadNs]).toEqual([0, 4010, 9030]);
    ledger.touchStalled(10, inner);
    ledger.onBehalf(other, 2, 10, () => {
      expect([...ledger.aheadNs]).toEqual([0, 0, 0]);
      ledger.read(PART.discard, Float64Array.of(1, 200_000, 400_000), 0);
    });
    expect([...ledger.aheadNs]).toEqual([0, 4010, 9030]);
    ledger.touchStalled(1010, outer);
    const plain = ledger.place();
    ledger.cpu(PART.minor, 7);
    ledger.touchStalled(7, plain);
    ledger.end();
    expect([...ledger.aheadNs]).toEqual([0, 0, 0]);
    const draws = [0, 1, 2].map((draw) => ledger.totals(draw, 3, 1));
    expect(draws.map(({ touchNs }) => touchNs.max)).toEqual([1010, 5020, 10_040]);
    expect(draws.map(({ long }) => long.over100us)).toEqual([0, 1, 1]);
    expect(draws.map(({ ioWaitNs }) => ioWaitNs)).toEqual([1011, 205_020, 410_040]);
    expect([0, 1, 2].map((draw) => account.drawNs(PART.major, draw, 3))).toEqual([1000, 5000, 10_000]);
    expect(other.meanNs(PART.discard, 3)).toBe(600_001 / 3);
  });
});

describe('threads of the ledger', () => {
  it('have numbers of their own, whatever their ids', () => {
    const id = fc.nat(2 ** 31 - 1);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(id, id), { selector: String, minLength: 2 }), (threads) => {
        const ledger = new Ledger();
        const numbers = threads.map(([space, thread]) => {
          ledger.begin(new Account(), space, thread, 0);
          return ledger.thread;
        });
        expect(new Set(numbers).size).toBe(threads.length);
      }),
      {
        examples: [
          [
            [
              [1, 2 ** 22],
              [2, 0],
            ],
          ],
        ],
      },
    );
  });
});
