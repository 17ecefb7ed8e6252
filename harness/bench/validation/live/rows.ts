import { readFileSync } from 'node:fs';
import { packageFile } from '../../../base/package-root.js';
import { loadCosts } from '../../../cost/table.js';
import { simulated } from '../../../machine/target.js';
import { discardPolicies } from '../../../policy/discard/registry.js';
import { reclaimPolicies } from '../../../policy/reclaim/registry.js';
import { replay } from '../../../replay/replay.js';
import { TextScanner } from '../../../trace/text/scanner.js';
import type { Trace } from '../../../trace/trace.js';
import { workloadLines } from './workloads.js';

/** The counters that are compared. */
export const METRICS = ['pgmajfault', 'workingset_refault_anon', 'workingset_refault_file'] as const;
type Metric = (typeof METRICS)[number];

/** How far a count may be from what the kernel's runs counted, as a part of the major faults. */
const ALLOWED = 0.015;

/** A reclaim frees 40 pages or so at once: the pages that the kernel held on average are that much below what fits. */
const BELOW_LIMIT = 20;
/** Stack, data and tables of a second process are charged too, and not in the trace. */
const SECOND_PROCESS = 40;
const TWO_PROCESSES = new Set(['shm2', 'shm2file']);

function workloadOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

/** Whether two processes run in a row's workload. */
export function hasTwoProcesses(name: string): boolean {
  return TWO_PROCESSES.has(workloadOf(name));
}

/** Who flushes statistics: a reader of memory.stat after every 16 events, or no one during the run. */
export type Flush = 'fresh' | 'none';
const SETTINGS: Readonly<Record<Flush, readonly string[]>> = {
  fresh: ['memcg.stats=fresh'],
  none: ['memcg.stats_phase_ms=1000000'],
};

/** What the runs of a row counted. */
interface Counted {
  readonly least: number;
  readonly most: number;
}

/** A workload on a live kernel. */
export interface LiveRow {
  /** `flush`, `series` and `name`. */
  readonly key: string;
  readonly flush: Flush;
  /** The workload, and `swap` or `none`. */
  readonly name: string;
  readonly swap: boolean;
  /** Pages that the kernel held on average. */
  readonly pages: number;
  /** Whether the host had a shared zero page. */
  readonly zeroPage: boolean;
  readonly counted: Record<Metric, Counted>;
}

/** The measured rows: rows.csv, whose columns README.md explains. */
export function liveRows(): LiveRow[] {
  const text = readFileSync(packageFile('harness', 'bench', 'validation', 'live', 'rows.csv'), 'utf8');
  const rows = new Map<string, LiveRow>();
  for (const line of text.trim().split('\n').slice(1)) {
    const [flush, series, name, pages, metric, least, most] = line.split(',') as string[] & { length: 8 };
    const key = `${flush} ${series} ${name}`;
    const none = { least: 0, most: 0 };
    const row = rows.get(key) ?? {
      key,
      flush: flush as Flush,
      name: name!,
      swap: name!.endsWith('.swap'),
      pages: Number(pages),
      zeroPage: series !== 'a',
      counted: { pgmajfault: none, workingset_refault_anon: none, workingset_refault_file: none },
    };
    row.counted[metric as Metric] = { least: Number(least), most: Number(most) };
    rows.set(key, row);
  }
  return [...rows.values()];
}

/** Replays a row's workload as it ran. Returns what the simulated kernel counts. */
export async function simulateRow({
  flush,
  name,
  swap,
  pages,
  zeroPage,
}: LiveRow): Promise<Record<Metric, number>> {
  const settings = zeroPage ? SETTINGS[flush] : [...SETTINGS[flush], 'mm.shared_zero_page=0'];
  const others = hasTwoProcesses(name) ? SECOND_PROCESS : 0;
  return simulateWorkload(name, { limit: pages + BELOW_LIMIT - others, settings, reclaim: 'linux', swap });
}

/** Under what a workload is replayed. */
export interface Simulation {
  /** Pages that fit. */
  readonly limit: number;
  readonly settings: readonly string[];
  readonly reclaim: string;
  readonly swap: boolean;
}

/** Replays a workload. @param name of the row: the workload, and its swap */
export async function simulateWorkload(
  name: string,
  { limit, settings, reclaim, swap }: Simulation,
): Promise<Record<Metric, number>> {
  const workload = workloadOf(name);
  const { metrics } = await replay(traceOf(name, workloadLines(workload, limit, settings)), {
    machine: simulated,
    discard: discardPolicies.choose('keep'),
    reclaim: reclaimPolicies.choose(reclaim),
    swap: swap ? 'zram' : 'none',
    limit: workload === 'shrinklimit' ? 'trace' : limit,
    seed: 1,
    costs: loadCosts(),
  });
  return {
    pgmajfault: metrics.pgmajfault as number,
    workingset_refault_anon: metrics.workingset_refault_anon as number,
    workingset_refault_file: metrics.workingset_refault_file as number,
  };
}

function traceOf(name: string, lines: string): Trace {
  const scanner = new TextScanner(name);
  const header = '# provenance: synthetic\ntime_us,op,space,page,count,arg\n';
  const blocks = [...scanner.push(new TextEncoder().encode(header + lines)), ...scanner.end()];
  const events = blocks.reduce((sum, block) => sum + block.length, 0);
  const last = blocks.at(-1)!;
  return {
    name,
    meta: scanner.meta,
    strings: scanner.strings,
    totals: { events, firstTimeUs: 0, lastTimeUs: last.time[last.length - 1]!, sha256: '' },
    blocks: () => blocks,
    place: (block, at) => ({ file: name, line: block.firstLine + at }),
  };
}

/** How far a count is outside what the kernel's runs counted, in pages: 0 inside. */
export function outside({ counted }: LiveRow, metric: Metric, value: number): number {
  const { least, most } = counted[metric];
  const allowed = ALLOWED * counted.pgmajfault.most;
  return Math.max(0, least - allowed - value, value - most - allowed);
}
