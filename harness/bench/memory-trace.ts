import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TraceSource } from '../trace/source.js';
import { openTrace, type Trace, traceHandle } from '../trace/trace.js';
import { writeTrace } from '../trace/write.js';

/** A trace in memory in both forms. */
export interface BenchTrace {
  readonly trace: Trace;
  /** The text form. */
  readonly text: Uint8Array;
}

/** Writes a source to a temporary folder and loads it: benches read from memory, as workers do. */
export async function loadForBench(name: string, source: () => TraceSource): Promise<BenchTrace> {
  const folder = await mkdtemp(join(tmpdir(), 'reclaim-bench-'));
  try {
    const binary = join(folder, `${name}.rtrace`);
    const text = join(folder, `${name}.csv`);
    await writeTrace(source(), binary, 'binary');
    await writeTrace(source(), text, 'text');
    return {
      trace: await openTrace(await traceHandle(binary, name)),
      text: new Uint8Array(await readFile(text)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
