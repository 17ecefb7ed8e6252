import { beforeAll, describe, expect, it } from 'vitest';
import { sampledCosts } from '../cost/sampled.js';
import { callNs, loadCosts } from '../cost/table.js';
import { findTrace } from '../experiment/trace-names.js';
import { METRICS, type MetricName } from '../metrics/schema.js';
import { run } from '../testing/machine.js';
import { traceOf } from '../testing/traces.js';
import { compileTrace } from '../trace/compile.js';
import { SampledTrace } from '../trace/sample/sample.js';
import { TextFormatter } from '../trace/text/formatter.js';
import { openTrace, type Trace } from '../trace/trace.js';
import type { ReplayResult } from './replay.js';
import { sampledPages } from './sampled.js';

const RATE = 4;
const LIMIT = 31_995;

async function recording(name: string): Promise<Trace> {
  const { path, shown } = findTrace(name);
  return openTrace(await compileTrace(path, shown));
}

/** A sample as a trace that can be replayed. */
async function sampleOf(trace: Trace): Promise<Trace> {
  const source = new SampledTrace(trace, RATE);
  const formatter = new TextFormatter(source.strings);
  const texts: string[] = [];
  for await (const block of source.blocks()) texts.push(Buffer.from(formatter.block(block)).toString());
  return traceOf(texts.join(''), `# sample: 1/${RATE}\n`);
}

describe('a replay of a sample', () => {
  let whole: ReplayResult;
  let part: ReplayResult;

  // PostgreSQL's pool under a limit, with drops: memory, file reads, swap and calls.
  beforeAll(async () => {
    const trace = await recording('postgresql-resize');
    const options = { discard: 'dontneed', limit: LIMIT, swap: 'ssd', check: false, timeline: true } as const;
    whole = await run(trace, options);
    part = await run(await sampleOf(trace), options);
  });

  /** How far the sample is from the whole, in parts of the whole. */
  const error = (name: MetricName) => Math.abs(Number(part.metrics[name]) / Number(whole.metrics[name]) - 1);

  it('says what the whole says of memory, faults, I/O and stalls', () => {
    expect(error('resident_pages_mean')).toBeLessThan(0.01);
    expect(error('rss_pages_peak')).toBeLessThan(0.05);
    expect(error('page_table_pages_peak')).toBe(0);
    expect(error('pgfault')).toBeLessThan(0.1);
    expect(error('pgpgin')).toBeLessThan(0.02);
    expect(error('pgpgout')).toBeLessThan(0.03);
    expect(error('stall_minor_ns')).toBeLessThan(0.02);
    expect(error('stall_read_ns')).toBeLessThan(0.1);
    expect(error('stall_reclaim_ns')).toBeLessThan(0.05);
    expect(error('stall_discard_ns')).toBeLessThan(0.05);
  });

  it('keeps the limit, and counts calls as they are', () => {
    expect(part.metrics.resident_pages_peak).toBe(sampledPages(LIMIT, RATE) * RATE);
    expect(part.timeline.at(-1)!.limit_pages).toBe(sampledPages(LIMIT, RATE) * RATE);
    for (const name of ['discard_calls', 'discard_pages', 'vmas_peak'] as const)
      expect(part.metrics[name]).toBe(whole.metrics[name]);
  });

  it('has the sum of its parts, in draws too, and no rates', () => {
    const { metrics } = part;
    const parts = METRICS.filter(({ name }) => /^stall_\w+_ns$/.test(name) && name !== 'stall_ns');
    expect(parts.reduce((sum, { name }) => sum + Number(metrics[name]), 0)).toBe(metrics.stall_ns);
    expect(part.draws[0]!.stall_ns).toBe(metrics.stall_ns);
    expect(metrics.major_rate).toBe('n/a');
  });

  it('refuses merging, of which a sample of pages says nothing', async () => {
    const trace = traceOf('0,spawn,1,,,\n', '# sample: 1/8\n');
    await expect(run(trace, { merge: 'ksm' })).rejects.toThrow('expected merge policy none, not ksm');
  });

  it('brings in nothing but what is accessed, and scales limits of the trace', async () => {
    const events = '0,spawn,1,,,\n0,limit,,,80,\n0,map,1,0,64,anon populate\n1,lock,1,0,8,\n2,write,1,0,2,\n';
    const { metrics, timeline } = await run(traceOf(events, '# sample: 1/8\n'), { timeline: true });
    expect(metrics.resident_pages_end).toBe(16);
    expect(timeline.at(-1)!.limit_pages).toBe(80);
  });
});

describe('prices of a sample', () => {
  it('of a call for a part of the pages are that part of the price for all', () => {
    const costs = loadCosts();
    const part = sampledCosts(costs, 16);
    for (const name of ['dontneed_anon', 'free', 'punch', 'unmap_shared'] as const)
      for (const pages of [16, 160, 8000])
        expect(callNs(part.calls[name], pages / 16, 0) * 16).toBeCloseTo(
          callNs(costs.calls[name], pages, 0),
          6,
        );
    expect(callNs(part.calls.free, 0, 100) * 16).toBeCloseTo(callNs(costs.calls.free, 0, 100), 6);
  });
});
