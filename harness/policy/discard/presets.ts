import type { Parameters, ParameterValue } from '../../base/parameters.js';
import type { DiscardPolicyInfo } from './contract.js';
import { dontneed } from './dontneed.js';
import { delayed } from './later/delayed.js';
import { punch } from './punch.js';

interface Preset {
  readonly name: string;
  readonly summary: string;
  /** The version whose defaults these are, and where they stand. */
  readonly source: string;
  /** The policy that makes its call. */
  readonly base: DiscardPolicyInfo;
  readonly defaults: Readonly<Record<string, ParameterValue>>;
}

const MS = 1000;
const S = 1000 * MS;
const PAGES_PER_KIB = 1 / 4;

/** When allocators and runtimes give memory back, by their defaults. What these parameters do not say stands in the summaries. */
const PRESETS: readonly Preset[] = [
  {
    name: 'jemalloc',
    summary:
      'MADV_DONTNEED along a sigmoid of 10 s, while the program allocates (no background thread); one arena a space',
    source:
      'jemalloc 5.3.0: DIRTY_DECAY_MS_DEFAULT (10 s) and MUZZY_DECAY_MS_DEFAULT (0) in include/jemalloc/internal/arena_types.h, src/decay.c; background_thread is off in jemalloc(3)',
    base: dontneed,
    defaults: { delay: 10 * S, curve: 'sigmoid', idle: 'stuck' },
  },
  {
    name: 'mimalloc',
    summary:
      'MADV_DONTNEED 10 ms after the discard, once the program allocates; an approximation: whole arenas wait ten times as long (arena_purge_mult)',
    source:
      'mimalloc 2.1: purge_delay (10 ms) and purge_decommits (1) in src/options.c; mimalloc 3 has 1000 ms',
    base: dontneed,
    defaults: { delay: 10 * MS, idle: 'stuck' },
  },
  {
    name: 'tcmalloc',
    summary:
      'MADV_DONTNEED for 1 of 1000 discarded pages, a range at a time; an approximation: gperftools goes through its free lists by size, not by age, and has pages of 8 KiB',
    source: 'gperftools 2.15: TCMALLOC_RELEASE_RATE (1.0), PageHeap::IncrementalScavenge in src/page_heap.cc',
    base: dontneed,
    defaults: { rate: 1 },
  },
  {
    name: 'go',
    summary:
      'MADV_DONTNEED beyond a tenth of the heap, 189 MiB a second at most: 1 % of the time of a CPU at the price of calls on 64 KiB; an approximation: Go retains 10 % above its heap goal, which is ahead of the heap, and is paced by the times that it measures',
    source:
      'Go 1.21: retainExtraPercent (10) and scavengePercent (1) in src/runtime/mgcscavenge.go; 3301 ns for 16 pages, as the shipped costs have it',
    base: dontneed,
    defaults: { keep: '10%', pace: 189 * 1024 * PAGES_PER_KIB },
  },
  {
    name: 'glibc-trim',
    summary:
      'MADV_DONTNEED of the top of each heap, all but 128 KiB, at the price of that call and not of brk; the threshold is as M_TRIM_THRESHOLD sets it (where nothing does, glibc raises it when large mappings are freed)',
    source:
      'glibc 2.39: systrim, DEFAULT_TRIM_THRESHOLD and DEFAULT_TOP_PAD (128 KiB each) in malloc/malloc.c, heap_trim in malloc/arena.c, mallopt(3)',
    base: dontneed,
    defaults: { keep: 128 * PAGES_PER_KIB, top: 1 },
  },
  {
    name: 'zgc',
    summary:
      'a hole (fallocate) after 300 s, in the shared memory that the heap is; with keep= as -Xms, below which nothing is given back',
    source:
      'JDK 21: ZUncommitDelay (300 s), HotSpot Virtual Machine Garbage Collection Tuning Guide; JEP 351',
    base: punch,
    defaults: { delay: 300 * S },
  },
];

function presetInfo({ name, summary, source, base, defaults }: Preset): DiscardPolicyInfo {
  const { withoutUnpins: _other, ...info } = delayed({ ...base, name });
  const { eager: _never, ...own } = info.parameters;
  const parameters = Object.fromEntries(
    Object.entries(own).map(([key, parameter]) => [
      key,
      { ...parameter, default: defaults[key] ?? parameter.default },
    ]),
  ) as Parameters;
  return { ...info, summary, source, parameters };
}

/** Policies that are named after an allocator or runtime. */
export const presets: readonly DiscardPolicyInfo[] = PRESETS.map(presetInfo);
