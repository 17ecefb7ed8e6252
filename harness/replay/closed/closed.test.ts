import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CostTable, loadCosts } from '../../cost/table.js';
import { run, type TestRun } from '../../testing/machine.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { type Step as RandomStep, stepOf } from '../../testing/steps.js';
import { traceOf } from '../../testing/traces.js';

const PAGES = 24;
const OPS = [
  'read',
  'write',
  'write',
  'pread',
  'discard',
  'madvise',
  'unmap',
  'map',
  'mark',
  'limit',
  'fork',
] as const;

type Step = RandomStep<(typeof OPS)[number]>;
const step = stepOf(OPS, 4, PAGES);
const steps = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });

/** Two spaces with memory of their own and a file; what is unmapped is mapped again at once, and forked spaces act as well. */
function textOf(chosen: readonly Step[]): string {
  const lines = [
    `0,object,,,${PAGES},file:f`,
    ...[1, 2].flatMap((space) => [`0,spawn,${space},,,`, `0,map,${space},0,${PAGES},anon`]),
  ];
  let us = 0;
  let child = 100;
  for (const { op, space, thread, page, count, afterUs } of chosen) {
    us += afterUs;
    const by = `${space}:${thread}`;
    const at = (line: string) => lines.push(`${us},${line}`);
    if (op === 'mark') at(`mark,,,,x${us}`);
    else if (op === 'limit') at(`limit,,,${20 + count},`);
    else if (op === 'pread') at(`pread,${by},${page},${count},f`);
    else if (op === 'madvise') at(`madvise,${by},${page},${count},MADV_COLD`);
    else if (op === 'map') at(`map,${by},${page},${count},anon`);
    else if (op === 'unmap') {
      at(`unmap,${by},${page},${count},`);
      at(`map,${by},${page},${count},anon`);
    } else if (op === 'fork') {
      child++;
      at(`fork,${by},,,${child}`);
      at(`write,${child}:${child},${page},${count},`);
      at(`exit,${child}:${child},,,`);
    } else at(`${op},${by},${page},${count},`);
  }
  return `${lines.join('\n')}\n`;
}

/** A table in which nothing takes time, so that nothing stalls. */
function free(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map(([at]) => [at, 0]);
  if (key === 'ns') return 0;
  if (typeof value !== 'object' || value === null) return value;
  const rows = Object.entries(value).map(([name, row]) => [name, name === 'devices' ? row : free(row, name)]);
  return Object.fromEntries(rows);
}
const FREE = free(loadCosts()) as CostTable;

const discards = fc.constantFrom('keep', 'dontneed', 'free', 'dontneed:delay=1ms');
const runs = { numRuns: propertyRuns(60) };

interface Done {
  readonly line: number;
  readonly timeUs: number;
  readonly thread: string;
}

/** The events of a replay in the order in which they were carried out. */
async function order(text: string, options: TestRun): Promise<Done[]> {
  const done: Done[] = [];
  await run(traceOf(text), {
    ...options,
    observe: (_m, { time, space, thread, firstLine }, row) =>
      done.push({ line: firstLine + row, timeUs: time[row]!, thread: `${space[row]}:${thread[row]}` }),
  });
  return done;
}

/** What a result has besides what only a closed clock measures. */
function common(result: Awaited<ReturnType<typeof run>>) {
  const { run_time_ns: _time, late_events: _late, ...metrics } = result.metrics;
  return { ...result, metrics, hostBytes: undefined };
}

describe('a closed clock', () => {
  it('is the open one where nothing stalls: in every metric, sample and space', async () => {
    await fc.assert(
      fc.asyncProperty(steps, discards, async (chosen, discard) => {
        const options = { discard, costs: FREE, timeline: true, swap: 'none' } as const;
        const text = textOf(chosen.filter(({ op }) => op !== 'limit' && op !== 'pread'));
        const open = await run(traceOf(text), options);
        const closed = await run(traceOf(text), { ...options, clock: 'closed' });
        expect(common(closed)).toEqual(common(open));
        const last = text.split('\n').findLast((line) => line !== '' && !line.includes(',mark,'));
        expect(closed.metrics.run_time_ns).toBe(1000 * Number.parseInt(last!, 10));
      }),
      runs,
    );
  });

  it('carries every event out once, in the order of the trace within each thread, never before its time', async () => {
    await fc.assert(
      fc.asyncProperty(steps, discards, async (chosen, discard) => {
        const options = { discard, swap: 'ssd' } as const;
        const text = textOf(chosen);
        const open = await order(text, options);
        const closed = await order(text, { ...options, clock: 'closed' });
        const timeOf = new Map(open.map(({ line, timeUs }) => [line, timeUs]));
        expect(closed.map(({ line }) => line).sort((a, b) => a - b)).toEqual(open.map(({ line }) => line));
        const last = new Map<string, number>();
        let nowUs = 0;
        for (const { line, timeUs, thread } of closed) {
          expect(timeUs).toBeGreaterThanOrEqual(Math.max(nowUs, timeOf.get(line)!));
          if (!thread.startsWith('0:')) expect(line).toBeGreaterThan(last.get(thread) ?? 0);
          last.set(thread, line);
          nowUs = timeUs;
        }
      }),
      runs,
    );
  });

  it('keeps the order of a change of memory and the accesses to it, and of what concerns all', async () => {
    const changes = /^\d+,(discard|madvise|unmap|map),/;
    await fc.assert(
      fc.asyncProperty(steps, async (chosen) => {
        const text = textOf(chosen);
        const lines = text.split('\n');
        // The header is line 1.
        const eventOf = (line: number) => lines[line - 2]!;
        const closed = await order(text, { clock: 'closed', discard: 'dontneed', swap: 'ssd' });
        const at = new Map(closed.map(({ line }, i) => [line, i]));
        const inOrder = (a: number, b: number) => expect(at.get(a)!).toBeLessThan(at.get(b)!);
        for (let b = 2; b < lines.length + 1; b++)
          for (let a = 2; a < b; a++) {
            const [first, second] = [eventOf(a), eventOf(b)];
            if (/,limit,/.test(first) || /,limit,/.test(second)) inOrder(a, b);
            else if ((changes.test(first) || changes.test(second)) && overlap(first, second)) inOrder(a, b);
          }
      }),
      { numRuns: propertyRuns(20) },
    );
  });
});

/** Whether two events name the same pages of one space. */
function overlap(first: string, second: string): boolean {
  const parse = (line: string) => {
    const [, op, by, page, count] = line.split(',');
    return { op, space: by?.split(':')[0], page: Number(page), count: Number(count) };
  };
  const [a, b] = [parse(first), parse(second)];
  const ranged = (op: string | undefined) => /^(read|write|discard|madvise|unmap|map)$/.test(op ?? '');
  if (!ranged(a.op) || !ranged(b.op) || a.space !== b.space) return false;
  return a.page < b.page + b.count && b.page < a.page + a.count;
}
