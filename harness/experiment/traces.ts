import { createHash, randomUUID } from 'node:crypto';
import { isAbsolute, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { moduleHash } from '../modules/files.js';
import { compileSource, compileTrace } from '../trace/compile.js';
import { isRemote } from '../trace/io/remote.js';
import type { TraceHandle } from '../trace/trace.js';
import { codeHash } from './code.js';
import type { TraceEntry } from './trace-entries.js';
import { findTrace, shippedTraces } from './trace-names.js';
import { type ChosenWorkload, chooseWorkload, generate } from './workload.js';

/**
 * How `reclaim replay` or `reclaim trace generate` find a trace of an experiment: a shipped name, a path, or what generates
 * it. Absolute folders are left out: results say nothing about the host that they were made on.
 */
export function traceSource(entry: TraceEntry, folder: string): TraceEntry {
  if (typeof entry !== 'string' || isRemote(entry)) return entry;
  if (shippedTraces().has(entry) || isAbsolute(folder)) return entry;
  return isAbsolute(entry) ? entry : join(folder, entry);
}

/** A trace of an experiment: what results call it, and how to compile it. */
export interface ResolvedTrace {
  readonly label: string;
  compile(): Promise<TraceHandle>;
}

/**
 * Finds a trace of an experiment, or what generates it. Generated traces are kept in the cache of compiled traces under
 * the generator, its parameters, the seed and the code that writes them.
 *
 * @param folder that relative paths are relative to
 */
export function resolveTrace(entry: TraceEntry, folder: string): ResolvedTrace {
  if (typeof entry === 'string') {
    const { path, label, shown } = findTrace(entry, folder);
    return { label, compile: () => compileTrace(path, shown) };
  }
  const chosen = chooseWorkload(entry.workload, entry.params, entry.seed);
  return {
    label: entry.name ?? chosen.label,
    compile: async () => compileSource(await generatedKey(chosen), chosen.label, () => generate(chosen)),
  };
}

/** Hash of the code of a module's workload. Where it cannot be known, it is another each time: nothing is taken from the cache. */
async function moduleCode(file: string): Promise<string> {
  try {
    return await moduleHash(file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return randomUUID();
  }
}

async function generatedKey({ workload, values, seed }: ChosenWorkload): Promise<string> {
  const own = codeHash('workloads', 'harness/trace', 'harness/stats', 'harness/modules');
  const code = workload.module ? [own, await moduleCode(workload.module.file)] : own;
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([code, workload.name, sorted, seed]))
    .digest('hex');
}
