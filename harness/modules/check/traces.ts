import { WORKLOADS } from '../../../workloads/registry.js';
import type { ParameterValues } from '../../base/parameters.js';
import { randomStream } from '../../stats/random.js';
import { BinaryEncoder } from '../../trace/binary/writer.js';
import type { EventBlock } from '../../trace/block.js';
import type { TraceSource, Workload } from '../../trace/source.js';
import { TEXT_HEADER } from '../../trace/text/fields.js';
import { TextScanner } from '../../trace/text/scanner.js';
import { MemoryTrace, type Trace } from '../../trace/trace.js';
import { defaultValues } from '../entries.js';

/** Stands for the hash of a trace that is kept nowhere. */
const NO_HASH = 'ab'.repeat(32);

/** The whole of a source as a trace in memory. */
export async function memoryTrace(name: string, source: TraceSource): Promise<Trace> {
  const encoder = new BinaryEncoder(source.strings);
  const parts = [encoder.header(source.meta)];
  for await (const block of source.blocks()) parts.push(encoder.block(block));
  return new MemoryTrace(name, Buffer.concat([...parts, encoder.end(NO_HASH)]));
}

/** A trace from lines of its text form. */
export function traceOfLines(name: string, lines: readonly string[]): Promise<Trace> {
  const scanner = new TextScanner(name);
  function* blocks(): Generator<EventBlock> {
    yield* scanner.push(Buffer.from(`${TEXT_HEADER}\n${lines.join('\n')}\n`));
    yield* scanner.end();
  }
  return memoryTrace(name, { meta: scanner.meta, strings: scanner.strings, blocks });
}

/** Produces a trace of a generator. */
export function generated(workload: Workload, given: ParameterValues = {}, seed = 1): TraceSource {
  return workload.generate({
    values: { ...defaultValues(workload.parameters), ...given },
    seed,
    random: (purpose) => randomStream(seed, `${workload.name}/${purpose}`),
  });
}

/** Programs of each family, small: generators of the package, with what makes their traces short. */
const FAMILIES: Readonly<Record<string, ParameterValues>> = {
  bufferpool: { pool: 512, duration_s: 0.06, session_s: 0.02, away_s: 0.01, section: 16 },
  discardable: {
    images: 3,
    image_pages: 40,
    small_pages: 20,
    elsewhere: 200,
    switches: 12,
    close: 'discard',
  },
  churn: { threads: 3, chunk_pages: 16, rounds: 12, sources: 3 },
  guests: { guests: 2, memory: 512, run: 1, touches_per_s: 20, rewrites_per_s: 5 },
  'uml-hotplug': { memory: 512, touches_per_s: 5 },
  zipf: { pages: 200, events: 1500 },
};

/** A small trace of each family of programs, by the name of its generator. */
export async function programTraces(): Promise<Trace[]> {
  const traces: Trace[] = [];
  for (const [name, given] of Object.entries(FAMILIES)) {
    const workload = WORKLOADS.find((one) => one.name === name)!;
    const values = Object.fromEntries(
      Object.entries(given).filter(([key]) => Object.hasOwn(workload.parameters, key)),
    );
    traces.push(await memoryTrace(name, generated(workload, values)));
  }
  return traces;
}
