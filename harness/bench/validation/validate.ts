import { PAGE_KIB } from '../../base/page.js';
import { loadCosts } from '../../cost/table.js';
import { simulated } from '../../machine/target.js';
import { discardPolicies } from '../../policy/discard/registry.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { replay } from '../../replay/replay.js';
import { accessTrace } from './access-trace.js';
import { MEASURED_LIMIT, type MeasuredRow } from './measured.js';
import { PATTERNS, type PatternName } from './patterns.js';

/** A measured row, and what the simulated kernel does. */
export interface Validated {
  readonly row: MeasuredRow;
  /** Accesses that did not find their page in the simulated kernel. */
  readonly misses: number;
  /** From the kernel's mean. */
  readonly differencePercent: number;
  readonly allowedPercent: number;
  readonly ok: boolean;
}

/** How far simulated misses may be from the kernel's mean, in %. Under MADV_RANDOM the kernel is a plain FIFO. */
function allowedPercent({ mode, kind }: MeasuredRow): number {
  if (kind === 'pread') return 0.6;
  return mode === 'MADV_RANDOM' ? 0.5 : 1.5;
}

const sequences = new Map<PatternName, Uint32Array>();

/** The accesses of a pattern at the measured limit; several rows use the same ones. */
function sequenceOf(pattern: PatternName): Uint32Array {
  const sequence = sequences.get(pattern) ?? PATTERNS[pattern](MEASURED_LIMIT);
  sequences.set(pattern, sequence);
  return sequence;
}

/**
 * Replays the accesses of a measured row through the full machine, with `linux` reclaim and a limit of the pages that
 * the kernel held.
 */
export async function validateRow(row: MeasuredRow): Promise<Validated> {
  const sequence = sequenceOf(row.pattern);
  const { metrics } = await replay(accessTrace(row.kind, row.mode, sequence), {
    machine: simulated,
    discard: discardPolicies.choose('keep'),
    reclaim: reclaimPolicies.choose('linux'),
    swap: 'ssd',
    limit: row.capacity,
    seed: 1,
    costs: loadCosts(),
  });
  // Every first use of a file's page reads it; that of anonymous memory reads nothing, but finds no page either.
  const firstUses = row.kind === 'anon' ? new Set(sequence).size : 0;
  const misses = (metrics.pgpgin as number) / PAGE_KIB + firstUses;
  const differencePercent = (100 * (misses - row.misses)) / row.misses;
  const allowed = allowedPercent(row);
  return {
    row,
    misses,
    differencePercent,
    allowedPercent: allowed,
    ok: Math.abs(differencePercent) <= allowed,
  };
}
