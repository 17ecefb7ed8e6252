import { Bench } from 'tinybench';
import type { Row } from '../metrics/csv.js';
import { thisHost, VERSION } from '../metrics/host.js';
import type { BenchCase, OwnNs, Suite } from './case.js';

/** The samples of one case. */
export interface BenchResult {
  readonly name: string;
  readonly events: number;
  /** Wall time of each run, in ns, in the order they ran. */
  readonly wallNs: readonly number[];
  /** The same for what it is compared with, run after run. */
  readonly againstNs?: readonly number[];
  readonly remark: string;
  readonly problem?: string | undefined;
}

/** Wall time of a run: what it says itself, or that of the call. */
async function wallTime(run: () => Promise<OwnNs>): Promise<number> {
  const started = process.hrtime.bigint();
  const own = await run();
  return own ?? Number(process.hrtime.bigint() - started);
}

/** Times a case: one run to warm up, then `samples` runs. Samples stay in their order: drift is to be seen. */
export async function timeCase(benchCase: BenchCase, samples: number): Promise<BenchResult> {
  const bench = new Bench({
    time: 0,
    iterations: samples,
    warmupTime: 0,
    warmupIterations: 1,
    retainSamples: true,
    throws: true,
  });
  const wallNs: number[] = [];
  const againstNs: number[] = [];
  bench.add(benchCase.name, async () => {
    wallNs.push(await wallTime(() => benchCase.run()));
    if (benchCase.against) againstNs.push(await wallTime(() => benchCase.against?.() as Promise<OwnNs>));
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
    wallNs: wallNs.slice(-samples),
    ...(benchCase.against ? { againstNs: againstNs.slice(-samples) } : {}),
    remark: benchCase.remark?.() ?? '',
    problem: benchCase.problem?.(),
  };
}

function sampleRows(name: string, events: number, wallNs: readonly number[]): Row[] {
  const host = thisHost();
  return wallNs.map((ns, i) => ({
    name,
    sample: i + 1,
    wall_ns: ns,
    events,
    events_per_s: Math.round((events * 1e9) / ns),
    version: VERSION,
    ...host,
  }));
}

/** Rows of perf.csv: every sample, with the host. A case that is compared gives rows for both of its sides. */
export function perfRows({ versus }: Suite, results: readonly BenchResult[]): Row[] {
  return results.flatMap(({ name, events, wallNs, againstNs }) =>
    versus && againstNs
      ? [
          ...sampleRows(`${name}/${versus.run}`, events, wallNs),
          ...sampleRows(`${name}/${versus.against}`, events, againstNs),
        ]
      : sampleRows(name, events, wallNs),
  );
}
