import { Bench } from 'tinybench';
import type { Row } from '../metrics/csv.js';
import { thisHost, VERSION } from '../metrics/host.js';
import type { BenchCase } from './cases.js';

/** The samples of one case. */
export interface BenchResult {
  readonly name: string;
  readonly events: number;
  /** Wall time of each run, in ns, in the order they ran. */
  readonly wallNs: readonly number[];
  readonly remark: string;
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
  bench.add(benchCase.name, async () => {
    const started = process.hrtime.bigint();
    await benchCase.run();
    wallNs.push(Number(process.hrtime.bigint() - started));
  });
  await bench.run();
  return {
    name: benchCase.name,
    events: benchCase.events,
    wallNs: wallNs.slice(-samples),
    remark: benchCase.remark?.() ?? '',
  };
}

/** Rows of perf.csv: every sample, with the host. */
export function perfRows(results: readonly BenchResult[]): Row[] {
  const host = thisHost();
  return results.flatMap(({ name, events, wallNs }) =>
    wallNs.map((ns, i) => ({
      name,
      sample: i + 1,
      wall_ns: ns,
      events,
      events_per_s: Math.round((events * 1e9) / ns),
      version: VERSION,
      ...host,
    })),
  );
}
