import { Bench } from 'tinybench';
import type { BenchPerfRow } from '../metrics/files.js';
import { thisHost, VERSION } from '../metrics/host.js';
import type { BenchCase, BenchResult, OwnTime, Suite } from './case.js';

/** Time of a run: what it says itself, or that of the call, as one part. */
async function timeRun(run: () => Promise<OwnTime | undefined>): Promise<OwnTime> {
  const started = process.hrtime.bigint();
  const own = await run();
  if (own) return own;
  const ns = Number(process.hrtime.bigint() - started);
  return { ns, partsNs: [ns] };
}

/** The best time of each part, summed: what else happens on the host only adds time, and seldom to every run of a part. */
function undisturbed(times: readonly OwnTime[]): number {
  const [first, ...others] = times as [OwnTime, ...OwnTime[]];
  return first.partsNs.reduce(
    (sum, ns, part) => sum + others.reduce((best, { partsNs }) => Math.min(best, partsNs[part]!), ns),
    0,
  );
}

function summary(times: readonly OwnTime[]) {
  const cpuNs = times.flatMap((time) => time.cpuNs ?? []);
  return {
    wallNs: times.map(({ ns }) => ns),
    undisturbedNs: undisturbed(times),
    ...(cpuNs.length > 0 ? { cpuNs } : {}),
  };
}

/** Times a case: one run to warm up, then `wanted` runs. Samples stay in their order: drift is to be seen. */
export async function timeCase(benchCase: BenchCase, wanted: number): Promise<BenchResult> {
  const { mostSamples } = benchCase;
  const samples = Math.min(wanted, mostSamples ?? wanted);
  const bench = new Bench({
    time: 0,
    iterations: samples,
    warmupTime: 0,
    warmup: mostSamples === undefined,
    warmupIterations: 1,
    retainSamples: true,
    throws: true,
  });
  const own: OwnTime[] = [];
  const others: OwnTime[] = [];
  bench.add(benchCase.name, async () => {
    own.push(await timeRun(() => benchCase.run()));
    if (benchCase.against) others.push(await benchCase.against());
  });
  try {
    await benchCase.prepare?.();
    await bench.run();
  } finally {
    await benchCase.close?.();
  }
  return {
    name: benchCase.name,
    events: benchCase.events,
    ...summary(own.slice(-samples)),
    ...(others.length > 0 ? { against: summary(others.slice(-samples)) } : {}),
    remark: benchCase.remark?.() ?? '',
    problem: benchCase.problem?.(),
  };
}

function sampleRows(
  name: string,
  events: number,
  { wallNs, cpuNs }: Pick<BenchResult, 'wallNs' | 'cpuNs'>,
): BenchPerfRow[] {
  const host = thisHost();
  return wallNs.map((ns, i) => ({
    name,
    sample: i + 1,
    wall_ns: ns,
    events,
    events_per_s: Math.round((events * 1e9) / ns),
    version: VERSION,
    ...host,
    cpu_ns: cpuNs?.[i] ?? null,
  }));
}

/** Rows of perf.csv: every sample, with the host. A case that is compared has rows for both of its sides. */
export function perfRows({ versus }: Suite, results: readonly BenchResult[]): BenchPerfRow[] {
  return results.flatMap((result) => {
    const { name, events, against } = result;
    return versus && against
      ? [
          ...sampleRows(`${name}/${versus.run}`, events, result),
          ...sampleRows(`${name}/${versus.against}`, events, against),
        ]
      : sampleRows(name, events, result);
  });
}
