import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulated } from '../machine/target.js';
import { METRICS, type Metrics, STALL_PARTS } from '../metrics/schema.js';
import { randomTrace } from '../testing/fuzz/lockstep.js';
import { MACHINES } from '../testing/fuzz/machines.js';
import { run } from '../testing/machine.js';
import { propertyRuns } from '../testing/property-runs.js';
import { timed, traceOf } from '../testing/traces.js';
import { validate } from './validate.js';

const number = (value: unknown) => Number(value);

describe('metrics of a replay', () => {
  it('are means over trace time, each state weighted by how long it lasted', async () => {
    // 4 pages for 10 µs, 8 for 30 µs, 0 for 60 µs.
    const trace = traceOf(
      '0,spawn,1,,,\n0,map,1,0,8,anon\n0,write,1,0,4,\n10,write,1,4,4,\n40,unmap,1,0,8,\n100,mark,,,,end\n',
    );
    const { metrics, traceTimeUs } = await run(trace);
    expect(traceTimeUs).toBe(100);
    expect(metrics).toMatchObject({
      resident_pages_mean: (4 * 10 + 8 * 30) / 100,
      resident_pages_peak: 8,
      resident_pages_end: 0,
    });
  });

  it('are refused for pages of a size that nothing in the machine is of', async () => {
    const trace = traceOf('0,spawn,1,,,\n', '# page_size: 65536\n');
    await expect(run(trace)).rejects.toThrow(/page_size is 65536, .*expected page_size 4096/);
    await expect(validate(trace, simulated)).rejects.toThrow(/page_size is 65536/);
  });

  it('are refused where the kernel would scan for years', async () => {
    const lines = ['0,spawn,1,,,', '0,map,1,0,8,anon', '0,write,1,0,8,=1', '0,madvise,1,0,8,MADV_MERGEABLE'];
    const replayed = (idleUs: number) =>
      run(traceOf(`${lines.join('\n')}\n${idleUs},read,1,0,8,\n`), { merge: 'ksm', check: false });
    await expect(replayed(9007199254740990)).rejects.toThrow(
      /^test.csv:6: until this event, the kernel would do something of its own .* more than 1048576 times; expected an event at \d+ µs or before/,
    );
    expect((await replayed(60e6)).outcome).toBe('ok');
  });

  it('come in schema order, all of them', async () => {
    const { metrics } = await run(timed(['mark,,,,only']));
    expect(Object.keys(metrics)).toEqual(METRICS.map(({ name }) => name));
  });

  it('give rates per 1000 touches, and n/a where touches are inferred', async () => {
    const events = '0,spawn,1,,,\n0,map,1,0,8,anon\n0,write,1,0,8,\n1,read,1,0,8,\n';
    expect((await run(traceOf(events))).metrics).toMatchObject({ minor_rate: 500, major_rate: 0 });
    expect((await run(traceOf(events, '# provenance: inferred\n'))).metrics.minor_rate).toBe('n/a');
    expect(
      (await run(traceOf(events, '# provenance: recorded\n# provenance.touches: inferred\n'))).metrics
        .minor_rate,
    ).toBe('n/a');
    expect((await run(traceOf(events, '# provenance: recorded\n'))).metrics.minor_rate).toBe(500);
  });

  it('give no count of faults under a limit where only first accesses were seen, and no rate at all', async () => {
    const events =
      '0,spawn,1,,,\n0,map,1,0,8,anon\n0,write,1,0,8,\n0,madvise,1,0,8,MADV_COLD\n9,write,1,0,8,\n';
    const first = traceOf(events, '# touches: first-access\n');
    const kinds = (kind: string) => METRICS.filter((metric) => metric.kind === kind).map(({ name }) => name);
    const na = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'n/a']));
    const all = await run(traceOf(events), { swap: 'ssd', limit: 4 });
    for (const short of [{ limit: 4 }, { memory: 64 }] as const) {
      const { metrics, spaces } = await run(first, { swap: 'ssd', ...short });
      expect(metrics).toMatchObject(na([...kinds('rate'), ...kinds('fault')]));
      expect(spaces[0]).toMatchObject({ pgfault: 'n/a', pgmajfault: 'n/a' });
      if ('limit' in short) {
        const rest = kinds('number');
        const numbers = (of: Metrics) => rest.map((name) => of[name as keyof Metrics]);
        expect(numbers(metrics)).toEqual(numbers(all.metrics));
      }
    }
    expect(kinds('fault')).toEqual(
      expect.arrayContaining(['pgfault', 'pgmajfault', 'pswpin', 'workingset_refault_anon', 'cow_breaks']),
    );
    const unlimited = await run(first);
    expect(unlimited.metrics).toMatchObject({ ...na(kinds('rate')), pgfault: 8, pgmajfault: 0 });
    expect(unlimited.spaces[0]).toMatchObject({ pgfault: 8 });
    // A limit of the trace itself counts too.
    const itself = await run(traceOf(`0,limit,,,4,\n${events}`, '# touches: first-access\n'), {
      swap: 'ssd',
      limit: 'trace',
    });
    expect(itself.metrics.pgfault).toBe('n/a');
  });

  it('add up: stall parts to stall_ns to CPU and I/O, spaces to the whole', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(randomTrace(MACHINES['fifo-9'], 60), async (events) => {
        const { metrics, spaces } = await run(timed(events), { swap: 'ssd', limit: 9 });
        const parts = STALL_PARTS.reduce((sum, part) => sum + number(metrics[`stall_${part}_ns`]), 0);
        expect(metrics.stall_ns).toBe(parts);
        expect(Math.abs(parts - number(metrics.cpu_ns) - number(metrics.io_wait_ns))).toBeLessThanOrEqual(
          STALL_PARTS.length,
        );
        for (const name of ['pgfault', 'pgmajfault'] as const) {
          const sum = spaces.reduce((total, row) => total + number(row[name] ?? 0), 0);
          expect(sum, name).toBe(metrics[name]);
        }
        compared += parts;
      }),
      { numRuns: propertyRuns(50) },
    );
    expect(compared).toBeGreaterThan(0);
  });

  it('split page-seconds among the spaces that map a page, to the last one', async () => {
    await fc.assert(
      fc.asyncProperty(randomTrace(MACHINES.unlimited, 60), async (events) => {
        const result = await run(timed(events));
        const sum = result.spaces.reduce((total, row) => total + number(row.page_seconds), 0);
        const resident = (number(result.metrics.resident_pages_mean) * result.traceTimeUs) / 1e6;
        expect(sum).toBeCloseTo(resident, 9);
        for (const row of result.spaces) expect(number(row.page_seconds)).toBeGreaterThanOrEqual(-1e-9);
      }),
      { numRuns: propertyRuns(100) },
    );
  });

  it('charge a shared page half to each of two spaces, and an unmapped one to no space', async () => {
    const trace = traceOf(
      [
        '0,spawn,1,,,one',
        '0,object,,,10,shmem:o',
        '0,map,1,0,10,shared:o@0',
        '0,write,1,0,10,',
        '1000000,spawn,2,,,two',
        '1000000,map,2,0,10,shared:o@0',
        '1000000,read,2,0,10,',
        '2000000,unmap,1,0,10,',
        '3000000,unmap,2,0,10,',
        '5000000,mark,,,,end\n',
      ].join('\n'),
    );
    const { spaces } = await run(trace);
    expect(spaces.map((row) => [row.name, row.page_seconds])).toEqual([
      ['one', 15],
      ['two', 15],
      ['(mapped by no space)', 20],
    ]);
  });

  it('charge no space for images, which are used in place', async () => {
    const trace = traceOf(
      [
        '0,spawn,1,,,one',
        '0,spawn,2,,,two',
        '0,object,,,8,xip+struct:image =100+',
        '0,map,1,0,8,private:image@0',
        '0,map,1,8,4,anon',
        '0,read,1,0,8,',
        '0,write,1,8,4,',
        '1000000,mark,,,,end\n',
      ].join('\n'),
    );
    const { spaces } = await run(trace);
    expect(spaces.map((row) => row.page_seconds)).toEqual([4, 0, 0]);
  });

  it('take the latencies of all touches into percentiles, those without a fault too', async () => {
    const events = [
      'spawn,1,,,',
      'map,1,0,100,anon',
      'write,1,0,2,',
      ...Array.from({ length: 98 }, () => 'read,1,0,1,'),
    ];
    const { metrics } = await run(timed(events));
    expect(metrics).toMatchObject({ touch_ns_p99: 2475, touch_ns_max: 2475 });
    const more = await run(timed([...events, ...Array.from({ length: 200 }, () => 'read,1,0,1,')]));
    expect(more.metrics.touch_ns_p99).toBe(9);
  });
});

describe('time', () => {
  it('keeps 500 samples and every mark, each with the state after the events up to it', async () => {
    const trace = traceOf(
      '0,spawn,1,,,\n0,map,1,0,8,anon\n499,mark,,,,before\n499,write,1,0,8,\n499,mark,,,,after\n998,mark,,,,end\n',
    );
    const { timeline } = await run(trace, { timeline: true });
    expect(timeline.filter((row) => row.label === '')).toHaveLength(500);
    expect(timeline.find((row) => row.label === 'before')).toMatchObject({ time_us: 499, resident_pages: 0 });
    expect(timeline.find((row) => row.label === 'after')).toMatchObject({ time_us: 499, resident_pages: 8 });
    const times = timeline.map((row) => number(row.time_us));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(timeline[0]?.time_us).toBe(0);
    expect(timeline.at(-1)?.time_us).toBe(998);
    expect(timeline.find((row) => row.label === '' && number(row.time_us) >= 499)).toMatchObject({
      resident_pages: 8,
    });
  });

  it('has no more samples than a short trace has moments', async () => {
    const { timeline } = await run(traceOf('0,spawn,1,,,\n3,mark,,,,end\n'), { timeline: true });
    expect(timeline.map((row) => [row.time_us, row.label])).toEqual([
      [0, ''],
      [1, ''],
      [2, ''],
      [3, 'end'],
      [3, ''],
    ]);
  });
});

describe('unpin and pin', () => {
  const events = [
    'spawn,1,,,',
    'object,,,8,shmem:o',
    'map,1,0,8,shared:o@0',
    'write,1,0,8,',
    'unpin,1,0,8,regen_ns=5000',
    'pin,1,2,1,',
  ];

  it('keep and lazy policies do nothing while the contents stay', async () => {
    for (const discard of ['keep', 'remove', 'punch', 'dontneed']) {
      expect((await run(timed(events), { discard })).metrics).toMatchObject({
        discard_calls: 0,
        regenerated_pages: 0,
        stall_regen_ns: 0,
      });
    }
  });

  it('eager policies drop at unpin, and make the whole range again at pin', async () => {
    const { metrics, touches } = await run(timed(events), { discard: 'remove:eager=1' });
    expect(metrics).toMatchObject({
      discard_calls: 1,
      regenerated_pages: 8,
      regenerated_ranges: 1,
      stall_regen_ns: 5000,
      pgfault: 16,
    });
    expect(touches, 'regeneration is not the trace\u2019s own').toBe(8);
    expect(metrics.regen_rate).toBe(1000);
  });

  it('a call that failed dropped nothing, as far as the program knows', async () => {
    const anon = events.map((event) => event.replace('shared:o@0', 'anon'));
    expect((await run(timed(anon), { discard: 'remove:eager=1' })).metrics).toMatchObject({
      discard_errors: 1,
      regenerated_pages: 0,
    });
  });

  it('a discard between unpin and pin is made good: the range, or only its pages', async () => {
    const discarded = [...events.slice(0, 5), 'discard,1,2,2,', 'pin,1,0,8,'];
    expect((await run(timed(discarded), { discard: 'remove' })).metrics).toMatchObject({
      regenerated_pages: 8,
      stall_regen_ns: 5000,
    });
    expect((await run(timed(discarded), { discard: 'remove:regen=page' })).metrics).toMatchObject({
      regenerated_pages: 2,
      stall_regen_ns: 1250,
    });
  });

  it('free: cookies tell at pin what the kernel took', async () => {
    const lazy = ['spawn,1,,,', 'map,1,0,8,anon', 'write,1,0,8,', 'unpin,1,0,8,regen_ns=5000'];
    const kept = await run(timed([...lazy, 'pin,1,0,8,']), { discard: 'free' });
    expect(kept.metrics).toMatchObject({ pglazyfree: 8, regenerated_pages: 0 });
    const pressure = [...lazy, 'map,1,100,3,anon', 'write,1,100,3,', 'unmap,1,100,3,', 'pin,1,0,8,'];
    const options = { limit: 8, swap: 'none', reclaim: 'fifo' } as const;
    const taken = await run(timed(pressure), { discard: 'free', ...options });
    expect(taken.metrics).toMatchObject({
      pglazyfreed: 3,
      regenerated_pages: 8,
      regenerated_ranges: 1,
      stall_regen_ns: 5000,
    });
    const byPage = await run(timed(pressure), { discard: 'free:regen=page', ...options });
    expect(byPage.metrics).toMatchObject({
      pglazyfreed: 3,
      regenerated_pages: 3,
      regenerated_ranges: 3,
      stall_regen_ns: 1875,
    });
  });
});

describe('events that make no sense name their line', () => {
  const cases: readonly (readonly [name: string, events: readonly string[], message: RegExp])[] = [
    [
      'a touch outside every mapping',
      ['spawn,1,,,', 'read,1,5,1,'],
      /^test\.csv:3: read of page 5 in space 1 is outside every mapping/,
    ],
    [
      'a touch that leaves its mapping',
      ['spawn,1,,,', 'map,1,0,4,anon', 'write,1,2,4,'],
      /^test\.csv:4: write of page 4 in space 1 is outside/,
    ],
    [
      'a downward touch that leaves it',
      ['spawn,1,,,', 'map,1,2,4,anon', 'write,1,4,-4,'],
      /^test\.csv:4: write of page 1 /,
    ],
    [
      'a write to read-only memory',
      ['spawn,1,,,', 'map,1,0,4,anon ro', 'write,1,0,1,'],
      /against its protection, expected it writable/,
    ],
    [
      'a read of memory without access',
      ['spawn,1,,,', 'map,1,0,4,anon', 'protect,1,0,4,none', 'read,1,0,1,'],
      /expected it readable/,
    ],
    ['a space that is not there', ['read,7,5,1,'], /^test\.csv:2: there is no space 7 here/],
    ['a space twice', ['spawn,1,,,', 'spawn,1,,,'], /^test\.csv:3: space 1 exists already/],
    [
      'an object that is not there',
      ['spawn,1,,,', 'map,1,0,4,shared:o@0'],
      /^test\.csv:3: there is no object o here/,
    ],
    [
      'an object twice',
      ['object,,,4,shmem:o', 'object,,,4,shmem:o'],
      /^test\.csv:3: object o exists already/,
    ],
    [
      'a map of a closed object',
      ['spawn,1,,,', 'object,,,4,shmem:o', 'map,1,0,4,shared:o@0', 'close,,,,o', 'map,1,9,4,shared:o@0'],
      /object o is closed/,
    ],
    [
      'a map beyond the address space',
      ['spawn,1,,,', 'map,1,35184372088831,2,anon'],
      /beyond the address space/,
    ],
    [
      'a setting that is not modelled',
      ['set,,,,vm.nonsense=1'],
      /^test\.csv:2: unknown setting "vm.nonsense", expected one of .* and \d+ more$/,
    ],
    [
      'a setting of KSM that is not modelled',
      ['set,,,,ksm.nonsense=1'],
      /^test\.csv:2: unknown setting "ksm.nonsense", expected one of .*ksm\.run.* and \d+ more$/,
    ],
    [
      'a setting of KSM out of range',
      ['set,,,,ksm.run=3'],
      /ksm\.run=3 is out of range, expected a whole number from 0 to 2/,
    ],
    [
      'a setting out of range',
      ['set,,,,vm.max_map_count=-1'],
      /vm\.max_map_count=-1 is out of range, expected a whole number from 0 to/,
    ],
    [
      'pread of page frame numbers',
      ['object,,,4,pfn:o', 'pread,,0,1,o'],
      /pread of o, a range of page frame numbers, expected a file/,
    ],
    ['migrate of a file', ['object,,,4,file:o', 'migrate,,0,1,xip:o'], /expected an xip object/],
    ['an image that grows', ['object,,,4,xip:o', 'truncate,,,8,o'], /expected at most 4 pages/],
    [
      'a mapping of page frame numbers beyond their end',
      ['spawn,1,,,', 'object,,,4,pfn:o', 'map,1,0,5,shared:o@0'],
      /pfn:o has 4 pages, expected a mapping of pages within/,
    ],
  ];
  for (const [name, events, message] of cases) {
    it(name, async () => {
      await expect(run(timed(events))).rejects.toThrow(message);
    });
  }

  it('but a discard, a pin and advice over a hole are not wrong', async () => {
    const events = [
      'spawn,1,,,',
      'discard,1,0,4,',
      'pin,1,0,4,',
      'unpin,1,0,4,',
      'madvise,1,0,4,MADV_DONTNEED',
      'unmap,1,0,4,',
    ];
    expect((await run(timed(events), { discard: 'remove:eager=1' })).metrics).toMatchObject({
      discard_calls: 2,
      discard_errors: 2,
    });
  });
});

describe('validating a trace', () => {
  it('warns of reads of what was discarded and not written since', async () => {
    const { events, warnings } = await validate(
      timed([
        'spawn,1,,,',
        'map,1,0,8,anon',
        'write,1,0,8,',
        'discard,1,0,4,',
        'write,1,0,2,',
        'read,1,0,2,',
        'read,1,1,4,',
        'read,1,4,4,',
      ]),
      simulated,
    );
    expect(events).toBe(8);
    expect(warnings.map(({ place, what }) => `${place.line}: ${what}`)).toEqual([
      '8: reads page 2 of space 1, which was discarded and not written since',
    ]);
  });

  it('counts reads of what a recorded call dropped: they rely on its zeros', async () => {
    const { warnings, zeroReads } = await validate(
      timed([
        'spawn,1,,,',
        'map,1,0,8,anon',
        'write,1,0,8,',
        'discard,1,0,4,MADV_DONTNEED',
        'read,1,0,2,',
        'read,1,2,4,',
        'write,1,0,4,',
        'read,1,0,4,',
        'discard,1,0,1,',
        'discard,1,1,1,MADV_FREE',
        'read,1,0,2,',
      ]),
      simulated,
    );
    expect(zeroReads).toBe(2);
    expect(warnings.map(({ place }) => place.line)).toEqual([12]);
  });

  it('sees it through another mapping too', async () => {
    const events = [
      'spawn,1,,,',
      'spawn,2,,,',
      'object,,,4,shmem:o',
      'map,1,0,4,shared:o@0',
      'map,2,9,4,shared:o@0',
      'write,1,0,4,',
      'discard,1,0,4,',
      'read,2,9,1,',
    ];
    expect((await validate(timed(events), simulated)).warnings).toHaveLength(1);
  });

  const cases: readonly (readonly [what: string, events: readonly string[], lines: readonly number[]])[] = [
    [
      'a forked child discards',
      [
        'spawn,1,,,',
        'map,1,0,2,anon',
        'write,1,0,2,',
        'fork,1,,,2',
        'discard,2,0,2,',
        'read,1,0,2,', // its own still
        'read,2,0,2,',
        'write,2,0,2,',
        'read,2,0,2,',
      ],
      [8],
    ],
    [
      'a parent discards before a fork and after',
      [
        'spawn,1,,,',
        'map,1,0,2,anon',
        'write,1,0,2,',
        'discard,1,0,1,',
        'fork,1,,,2',
        'discard,1,1,1,',
        'read,2,1,1,', // copied when it was not discarded
        'read,2,0,1,',
        'read,1,1,1,',
      ],
      [9, 10],
    ],
    [
      'a private read-only mapping of a file is discarded',
      [
        'spawn,1,,,',
        'object,,,2,file:f',
        'map,1,0,2,shared:f@0',
        'write,1,0,2,',
        'map,1,8,2,private:f@0',
        'protect,1,8,2,ro',
        'discard,1,8,2,',
        'read,1,0,2,', // the file's
        'read,1,8,2,',
      ],
      [10],
    ],
  ];
  for (const [what, events, lines] of cases) {
    it(`${what}: only those who have it no more are warned`, async () => {
      const { warnings } = await validate(timed(events), simulated);
      expect(warnings.map(({ place }) => place.line)).toEqual(lines);
    });
  }
});
