import { cpusIn } from '../group.js';
import type { Probes } from '../probes.js';
import { AS_ASKED } from '../system.js';

/** Numbers of what is in memory, and of faults. */
const RESIDENT = ['looks_equal', 'resident_pages_end', 'rss_pages_end'];
const FAULTS = ['pgfault', 'pgmajfault'];
const REFAULTS = ['workingset_refault_anon', 'workingset_refault_file'];
const ERRORS = ['call_errors', 'discard_errors'];

/** What of a comparison decides whether a probe matters. */
export interface Circumstances {
  readonly probes: Probes;
  readonly machine: string;
  /** Whether the run had a limit. */
  readonly limited: boolean;
  /** Whether swap was made for it. */
  readonly swap: boolean;
  /** Whether the trace has files. */
  readonly files: boolean;
}

interface Explanation {
  readonly probe: keyof Probes;
  /** Whether the kernel, or what runs on it, is not as the model has it. */
  readonly differs: (of: Circumstances) => boolean;
  /** Metrics that this changes. */
  readonly metrics: readonly string[];
}

/** Pages that one read fault maps in the model. */
const FAULT_AROUND = 16;

/**
 * Probes that explain a row outside its bound, the most particular first. What the model has a setting for is set as in the live
 * kernel, and explains nothing: kernel version, zero page, swappiness,
 * max_map_count. So is read-ahead, but one that no run may set was another for what is in the page cache.
 */
const EXPLANATIONS: readonly Explanation[] = [
  {
    probe: 'page_frames',
    differs: ({ probes }) => !probes.page_frames,
    metrics: ['looks_equal', 'resident_pages_end'],
  },
  {
    probe: 'huge_pages',
    differs: ({ probes }) => probes.huge_pages !== 'none',
    metrics: [...RESIDENT, ...FAULTS, ...REFAULTS],
  },
  {
    probe: 'fault_around',
    differs: ({ probes }) => probes.fault_around !== FAULT_AROUND,
    metrics: ['looks_equal', 'rss_pages_end', ...FAULTS],
  },
  {
    probe: 'read_ahead_kb',
    differs: ({ probes, files }) => files && probes.read_ahead_kb !== AS_ASKED,
    metrics: [...RESIDENT, ...FAULTS, ...REFAULTS],
  },
  {
    // Where the run has no group of its own, or one of version 1, other swap of the host takes its memory.
    probe: 'swap',
    differs: ({ probes, swap }) => !swap && probes.swap !== 'none' && probes.cgroup !== 'v2',
    metrics: [...RESIDENT, ...FAULTS],
  },
  {
    probe: 'overcommit_memory',
    differs: ({ probes }) => probes.overcommit_memory === '2',
    metrics: [...RESIDENT, ...ERRORS],
  },
  {
    // The clock of a virtual machine stands still meanwhile.
    probe: 'load',
    differs: ({ probes, machine, limited }) =>
      limited && machine === 'host' && Number(probes.load) > cpusIn(probes.cpus),
    metrics: [...FAULTS, ...REFAULTS],
  },
];

/** The probe that explains that a metric is outside its bound; undefined for none. */
export function explanation(metric: string, of: Circumstances): keyof Probes | undefined {
  return EXPLANATIONS.find(({ differs, metrics }) => metrics.includes(metric) && differs(of))?.probe;
}
