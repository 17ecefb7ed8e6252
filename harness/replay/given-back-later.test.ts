import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { simulated } from '../machine/target.js';
import { Later } from '../policy/discard/later/later.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { lateMachine, settledMetrics } from '../testing/late-machine.js';
import { run } from '../testing/machine.js';
import { propertyRuns } from '../testing/property-runs.js';
import { binaryOf, traceOf } from '../testing/traces.js';
import { MemoryTrace } from '../trace/trace.js';

function trace(...lines: string[]) {
  return traceOf(`${lines.join('\n')}\n`);
}

const SET_UP = ['0,spawn,1,,,', '0,map,1,0,8,anon', '0,write,1,0,8,'];
const END = '100,mark,,,,end';

/** What became of the discarded pages, and the frames at the end. */
async function fate(discard: string, ...lines: string[]) {
  const { metrics } = await run(trace(...lines), { discard });
  const { discard_late_pages, discard_cancelled_pages, discard_unmapped_pages, discard_pending_pages } =
    metrics;
  return {
    late: discard_late_pages,
    cancelled: discard_cancelled_pages,
    unmapped: discard_unmapped_pages,
    pending: discard_pending_pages,
    calls: metrics.discard_calls,
    resident: metrics.resident_pages_end,
  };
}

const NOTHING = { late: 0, cancelled: 0, unmapped: 0, pending: 0, calls: 0, resident: 8 };

describe('memory that is given back later', () => {
  it('after 100 ms: as the same trace with its discards put off by hand', async () => {
    const [trace0, trace100] = [
      packageFile('workloads', 'experiments', 'later', 'reuse.csv.gz'),
      join(import.meta.dirname, 'cases', 'r07-reuse-decay-100ms.csv.gz'),
    ].map((file) => new MemoryTrace(file, binaryOf(gunzipSync(readFileSync(file)).toString())));
    const [later, edited] = [
      await run(trace0!, { discard: 'dontneed:delay=100ms', check: false }),
      await run(trace100!, { discard: 'dontneed', check: false }),
    ];
    expect(later.metrics.pgfault).toBe(175_104);
    expect(edited.metrics.pgfault).toBe(175_104);
    for (const name of ['discard_calls', 'discard_pages', 'stall_ns', 'resident_pages_peak'] as const)
      expect(later.metrics[name]).toBe(edited.metrics[name]);
  });

  it.each([
    ['goes at its time', ['10,discard,1,0,8,', END], { late: 8, calls: 1, resident: 0 }],
    [
      'is kept where it is written',
      ['10,discard,1,0,8,', '20,write,1,2,3,', END],
      { late: 5, cancelled: 3, calls: 2, resident: 3 },
    ],
    ['is kept where it is read', ['10,discard,1,0,8,', '20,read,1,0,8,', END], { cancelled: 8 }],
    [
      'is kept where it is needed again',
      ['10,discard,1,0,8,', '20,pin,1,0,2,', END],
      { late: 6, cancelled: 2, calls: 1, resident: 2 },
    ],
    [
      'starts its time again with another discard',
      ['10,discard,1,0,8,', '30,discard,1,0,8,', '55,mark,,,,end'],
      { cancelled: 8, pending: 8 },
    ],
    ['is counted when the trace ends before', ['10,discard,1,0,8,', '20,mark,,,,end'], { pending: 8 }],
    [
      'goes with its mapping',
      ['10,discard,1,0,8,', '20,unmap,1,0,3,', END],
      { late: 5, unmapped: 3, calls: 1, resident: 0 },
    ],
    [
      'goes where it is mapped over',
      ['10,discard,1,0,8,', '20,map,1,0,3,anon', END],
      { late: 5, unmapped: 3, calls: 1, resident: 0 },
    ],
    ['goes with its space', ['10,discard,1,0,8,', '20,exit,1,,,', END], { unmapped: 8, resident: 0 }],
    [
      'goes from where it has moved',
      ['10,discard,1,0,8,', '20,remap,1,4,4,to=100', '39,write,1,104,0,', END],
      { late: 8, calls: 2, resident: 0 },
    ],
    [
      'goes from a forked child, too',
      ['10,discard,1,0,8,', '20,fork,1,,,2', END],
      { late: 16, calls: 2, resident: 0 },
    ],
    ['is counted where nothing is mapped', ['10,discard,1,4,8,', END], { late: 8, calls: 1, resident: 4 }],
  ])('%s', async (_what, lines, expected) => {
    expect(await fate('dontneed:delay=30us', ...SET_UP, ...lines)).toEqual({ ...NOTHING, ...expected });
  });

  it('beyond an amount: the oldest goes', async () => {
    const lines = ['10,discard,1,0,3,', '11,discard,1,4,3,', END];
    expect(await fate('dontneed:keep=4p', ...SET_UP, ...lines)).toMatchObject({
      late: 2,
      calls: 1,
      pending: 4,
      resident: 6,
    });
    expect(await fate('dontneed:keep=4p,delay=50us', ...SET_UP, ...lines)).toMatchObject({
      late: 2,
      pending: 4,
    });
  });

  it('of a space that does nothing stays, until it does', async () => {
    const lines = ['10,discard,1,0,8,', '60,spawn,2,,,', '60,map,2,0,1,anon', '61,write,2,0,1,'];
    const policy = 'dontneed:delay=30us,idle=stuck';
    expect(await fate(policy, ...SET_UP, ...lines, END)).toMatchObject({ pending: 8, calls: 0 });
    expect(await fate(policy, ...SET_UP, ...lines, '70,read,1,0,1,', END)).toMatchObject({
      late: 7,
      cancelled: 1,
    });
  });

  it('after MADV_FREE, when memory was not short in between', async () => {
    const muzzy = 'dontneed:delay=20us,muzzy=20us';
    const lines = ['10,discard,1,0,8,', '35,write,1,0,2,', END];
    expect(await fate(muzzy, ...SET_UP, ...lines)).toEqual({
      ...NOTHING,
      late: 6,
      cancelled: 2,
      calls: 2,
      resident: 2,
    });
  });

  it.each(['remove', 'punch'])(
    'of shared memory by %s: not what another space uses, by the space that discarded it',
    async (call) => {
      const shared = [
        '0,object,,,8,shmem:o',
        ...[1, 2].flatMap((space) => [`0,spawn,${space},,,`, `0,map,${space},${100 * space},8,shared:o@0`]),
        '0,write,1,100,8,',
        '10,discard,1,100,8,',
      ];
      const policy = `${call}:delay=30us`;
      expect(await fate(policy, ...shared, '20,write,2,203,2,', END)).toMatchObject({
        late: 6,
        cancelled: 2,
        resident: 2,
      });
      expect(await fate(policy, ...shared, '20,pwrite,,3,2,o', END)).toMatchObject({
        late: 6,
        cancelled: 2,
        resident: 2,
      });
      expect(await fate(policy, ...shared, '20,unmap,2,200,8,', END)).toMatchObject({ late: 8, resident: 0 });
      expect(await fate(policy, ...shared, '20,exit,1,,,', END)).toMatchObject({
        unmapped: 8,
        calls: 0,
        resident: 8,
      });
      expect(await fate(policy, ...shared, '20,remap,1,100,4,to=500', END)).toMatchObject({
        late: 8,
        resident: 0,
      });
      expect(
        await fate(policy, ...shared, '20,remap,1,100,4,to=500', '21,unmap,1,104,4,', END),
      ).toMatchObject({ late: 4, unmapped: 4, resident: 4 });
      expect(await fate(policy, ...shared, '20,fork,1,,,3', END)).toMatchObject({ late: 8, calls: 1 });
    },
  );

  it('that is unpinned: where the call is made at unpin', async () => {
    const lines = [
      ...SET_UP,
      '10,unpin,1,0,8,regen_ns=800',
      '20,pin,1,0,8,',
      '50,unpin,1,0,8,regen_ns=800',
      END,
      '100,pin,1,0,8,',
    ];
    const { metrics } = await run(trace(...lines), { discard: 'dontneed:eager=1,delay=30us' });
    expect(metrics).toMatchObject({
      discard_late_pages: 8,
      discard_cancelled_pages: 8,
      regenerated_ranges: 1,
      stall_regen_ns: 800,
    });
    expect(await fate('dontneed:delay=30us', ...lines)).toMatchObject({ late: 0, calls: 0 });
  });

  it('does not wait where unpinned memory is over a budget', async () => {
    const unpins = ['10,unpin,1,0,4,regen_ns=1', '11,unpin,1,4,4,regen_ns=1'];
    const policy = 'dontneed-managed:budget=4p,delay=50us';
    expect(await fate(policy, ...SET_UP, ...unpins, END)).toMatchObject({ late: 0, calls: 1, resident: 4 });
    expect(await fate(policy, ...SET_UP, '10,discard,1,0,4,', '20,write,1,0,1,', END)).toMatchObject({
      late: 3,
      cancelled: 1,
    });
  });

  it.each(['dontneed:delay=30us', 'dontneed:keep=3p', 'free:delay=30us'])(
    'is the same on a machine that answers late: %s',
    async (discard) => {
      const given = trace(...SET_UP, '10,discard,1,0,8,', '20,write,1,2,3,', '60,discard,1,0,4,', END);
      const late = await settledMetrics(lateMachine(), given, discard);
      expect(late).toEqual(await settledMetrics(simulated, given, discard));
    },
  );
});

describe('parameters of when memory is given back', () => {
  it.each([
    [
      'dontneed:curve=sigmoid',
      /curve=sigmoid has no effect without a delay, expected as in dontneed:delay=10s/,
    ],
    ['punch:idle=stuck', /idle=stuck has no effect without a delay/],
    ['dontneed:delay=100us,curve=sigmoid', /expected a delay of 200us or more/],
    ['dontneed:delay=10', /delay=10 is not a duration, expected a number and us, ms, s, min or h/],
    ['dontneed:delay=-1s', /is not a duration/],
    ['dontneed:delay=1.5us', /is not a whole number of µs/],
    ['dontneed:delay=9000h', /expected at most a year/],
    ['dontneed:keep=-1', /is not a size/],
    ['dontneed:keep=0%', /is 0/],
    ['dontneed:pace=10%', /pace=10% is a percentage, expected pages or KiB, MiB, GiB/],
    ['dontneed:rate=2000', /rate=2000 is out of range, expected a number from 0 to 1000/],
    ['free:muzzy=1s', /muzzy/],
    ['keep:delay=1s', /delay/],
  ])('%s is refused', (text, why) => {
    expect(() => discardPolicies.choose(text)).toThrow(why);
  });

  it('are written in the longest unit', () => {
    const forms = {
      '1000ms': '1s',
      '1500ms': '1500ms',
      '0.5s': '500ms',
      '90s': '90s',
      '3600s': '1h',
      '7us': '7us',
    };
    for (const [given, form] of Object.entries(forms))
      expect(discardPolicies.choose(`punch:delay=${given}`).text).toBe(`punch:delay=${form}`);
    expect(discardPolicies.choose('punch:delay=0').text).toBe('punch');
    const { info, values } = discardPolicies.choose('remove:delay=1s,eager=1');
    expect(info.withoutUnpins?.(values)).toBe('remove:delay=1s');
  });
});

const PLACES = { 0: 'anon', 100: 'shared:o@0', 200: 'private:o@0', 300: 'shared:nofd@0', 400: 'anon locked' };
const STEP = fc.record({
  op: fc.constantFrom('read', 'write', 'discard', 'discard', 'unpin', 'pin', 'pressure', 'fork', 'exit'),
  space: fc.integer({ min: 1, max: 2 }),
  place: fc.constantFrom(...Object.keys(PLACES).map(Number)),
  page: fc.nat(15),
  count: fc.integer({ min: 1, max: 16 }),
  afterUs: fc.nat(5),
});

describe('a delay of 0', () => {
  it('put off by no time is the policy itself, on random traces', async () => {
    const alone = [
      'dontneed',
      'dontneed:eager=1',
      'remove:regen=page',
      'punch:eager=1',
      'free',
      'volatile',
      'truncate',
    ];
    for (const text of alone)
      discardPolicies.add({
        ...discardPolicies.choose(text).info,
        name: `zero-${text.replace(/\W/g, '-')}`,
        create: (context) => {
          const { info, values } = discardPolicies.choose(text);
          const eager = text === 'truncate' || values.eager === 1;
          const none = { ...values, eager: 0 };
          return new Later(info.create({ ...context, values: none }), { ...context, values }, eager);
        },
      });
    const property = fc.asyncProperty(
      fc.constantFrom(...alone),
      fc.array(STEP, { maxLength: 40 }),
      async (text, steps) => {
        const lines = ['0,object,,,16,shmem:o', '0,object,,,16,shmem:nofd nofd'];
        for (const space of [1, 2]) {
          lines.push(`0,spawn,${space},,,`);
          for (const [page, kind] of Object.entries(PLACES)) lines.push(`0,map,${space},${page},16,${kind}`);
        }
        let timeUs = 0;
        const gone = new Set<number>();
        let child = 10;
        for (const { op, space, place, page, count, afterUs } of steps) {
          if (gone.has(space)) continue;
          timeUs += afterUs;
          const range = `${space},${place + page},${Math.min(count, 16 - page)}`;
          if (op === 'pressure') lines.push(`${timeUs},pressure,,,,critical`);
          else if (op === 'fork') lines.push(`${timeUs},fork,${space},,,${child++}`);
          else if (op === 'exit') {
            lines.push(`${timeUs},exit,${space},,,`);
            gone.add(space);
          } else lines.push(`${timeUs},${op},${range},${op === 'unpin' ? 'regen_ns=700' : ''}`);
        }
        const given = traceOf(`${lines.join('\n')}\n`);
        const plain = await run(given, { discard: text });
        const later = await run(given, { discard: `zero-${text.replace(/\W/g, '-')}` });
        expect(later.metrics).toEqual(plain.metrics);
      },
    );
    await fc.assert(property, { numRuns: propertyRuns(80) });
  });
});
