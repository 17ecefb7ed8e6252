import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { unknownName } from '../base/nearest.js';
import { packageFile } from '../base/package-root.js';
import { printable } from '../base/printable.js';
import { compileSource, compileTrace } from '../trace/compile.js';
import { COMPRESSED_NAME } from '../trace/io/decompress.js';
import { inputName, STDIN } from '../trace/io/input.js';
import type { TraceHandle } from '../trace/trace.js';
import { codeHash } from './code.js';
import type { TraceEntry } from './trace-entries.js';
import { type ChosenWorkload, chooseWorkload, generate } from './workload.js';

const shippedTrace = z.strictObject({
  /** File name in traces/. */
  file: z.string(),
  summary: z.string(),
  /** SHA-256 of the decoded content. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  provenance: z.string(),
  programs: z.string(),
  commands: z.array(z.string()),
  licence: z.string(),
});

/** A trace that ships with the package, as traces/manifest.json describes it. */
export type ShippedTrace = z.output<typeof shippedTrace>;

/** The traces that ship with the package, by name. */
export function shippedTraces(): Map<string, ShippedTrace> {
  const json: unknown = JSON.parse(readFileSync(packageFile('traces', 'manifest.json'), 'utf8'));
  return new Map(
    Object.entries(z.strictObject({ traces: z.record(z.string(), shippedTrace) }).parse(json).traces),
  );
}

/** A trace as a user named it. */
export interface TraceName {
  /** The file to read. */
  readonly path: string;
  /** What results call it: its shipped name, or its file's name without endings. */
  readonly label: string;
  /** What messages call it. */
  readonly shown: string;
}

/**
 * Finds a trace by the name of a shipped one, or by its path.
 *
 * @param folder that relative paths are relative to
 * @throws InputError for what looks like the name of a shipped trace but is not one
 */
export function findTrace(name: string, folder = ''): TraceName {
  if (name === STDIN) return { path: name, label: 'stdin', shown: inputName(name) };
  const shipped = shippedTraces().get(name);
  if (shipped) return { path: packageFile('traces', shipped.file), label: name, shown: name };
  const path = isAbsolute(name) ? name : join(folder, name);
  if (/^[a-z0-9-]+$/.test(name) && !existsSync(path))
    throw unknownName('shipped trace', name, [...shippedTraces().keys()]);
  return {
    path,
    label: printable(
      basename(name)
        .replace(COMPRESSED_NAME, '')
        .replace(/\.(csv|rtrace|txt)$/, ''),
    ),
    shown: path,
  };
}

/**
 * How `reclaim replay` or `reclaim trace generate` find a trace of an experiment: a shipped name, a path, or what generates
 * it. Absolute folders are left out: results say nothing about the host that they were made on.
 */
export function traceSource(entry: TraceEntry, folder: string): TraceEntry {
  if (typeof entry !== 'string' || shippedTraces().has(entry) || isAbsolute(folder)) return entry;
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
    compile: () => compileSource(generatedKey(chosen), chosen.label, () => generate(chosen)),
  };
}

function generatedKey({ workload, values, seed }: ChosenWorkload): string {
  const code = codeHash('workloads', 'harness/trace', 'harness/stats');
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([code, workload.name, sorted, seed]))
    .digest('hex');
}
