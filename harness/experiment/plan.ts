import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { PAGE_BYTES } from '../base/page.js';
import { parseSize, sizeInPages } from '../base/size.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { BACKINGS, type Backing } from '../replay/backing.js';
import { SWAP_KINDS, type SwapKind } from '../target/contract.js';
import type { Experiment } from './file.js';

/** A memory limit: pages, none at all, or whatever the trace's own `limit` events say. */
export type Limit = number | 'none' | 'trace';

/** One run: a trace under one policy of each kind, one limit and one seed. Plain data, so that it can go to a worker. */
export interface Cell {
  /** From 1, in the order of the experiment. */
  readonly cell: number;
  readonly experiment: string;
  /** Index of its trace in the experiment. */
  readonly trace: number;
  /** The kind of memory that mappings of one space have. */
  readonly backing: Backing;
  readonly limit: Limit;
  /** The machine's memory in pages; absent when it is never short. */
  readonly memory?: number | undefined;
  readonly swap: SwapKind;
  /** Canonical texts of the policies. */
  readonly discard: string;
  readonly reclaim: string;
  readonly merge: string;
  readonly purge: string;
  readonly seed: number;
}

/** What the plan needs to know of a trace. */
export interface PlannedTrace {
  /** Pages at the peak under `keep` without a limit: 100 % of sizes. */
  readonly peakPages: number;
  readonly pageBytes: number;
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** Reads a limit of an experiment or flag. @throws InputError when it is not a SIZE, `none` or `trace` */
export function parseLimit(text: string, trace: PlannedTrace): Limit {
  if (text === 'none' || text === 'trace') return text;
  return sizeInPages(parseSize(text, trace.pageBytes), trace.peakPages);
}

/** Reads the size of a machine's memory, in pages. @throws InputError when it is not a SIZE */
export function parseMemory(text: string, trace: PlannedTrace): number {
  return sizeInPages(parseSize(text, trace.pageBytes), trace.peakPages);
}

/** Checks the name of a kind of swap. */
export function parseSwap(text: string): SwapKind {
  if (!(SWAP_KINDS as readonly string[]).includes(text)) throw unknownName('kind of swap', text, SWAP_KINDS);
  return text as SwapKind;
}

/** Checks the name of a kind of memory. */
export function parseBacking(text: string): Backing {
  if (!(BACKINGS as readonly string[]).includes(text)) throw unknownName('backing', text, BACKINGS);
  return text as Backing;
}

/** Everything of an experiment that can be checked before its traces are read. */
export interface Axes {
  readonly discard: readonly string[];
  readonly reclaim: readonly string[];
  readonly merge: readonly string[];
  readonly purge: readonly string[];
  readonly swap: readonly SwapKind[];
  readonly backing: readonly Backing[];
}

/** @throws InputError naming the experiment's file for an unknown policy, parameter, swap or limit */
export function checkAxes(experiment: Experiment): Axes {
  try {
    for (const limit of experiment.limits) parseLimit(limit, { peakPages: 100, pageBytes: PAGE_BYTES });
    if (experiment.memory !== undefined)
      parseMemory(experiment.memory, { peakPages: 100, pageBytes: PAGE_BYTES });
    return {
      discard: distinct(experiment.discard.map((text) => discardPolicies.choose(text).text)),
      reclaim: distinct(experiment.reclaim.map((text) => reclaimPolicies.choose(text).text)),
      merge: distinct(experiment.merge.map((text) => mergePolicies.choose(text).text)),
      purge: distinct(experiment.purge.map((text) => purgePolicies.choose(text).text)),
      swap: distinct(experiment.swap.map(parseSwap)),
      backing: distinct(experiment.backing.map(parseBacking)),
    };
  } catch (error) {
    throw error instanceof InputError ? error.at({ file: experiment.file }) : error;
  }
}

/** All combinations of the values of some axes, the last axis changing fastest. */
function combinations<T extends object>(axes: { readonly [K in keyof T]: readonly T[K][] }): T[] {
  let rows: Partial<T>[] = [{}];
  for (const [axis, values] of Object.entries(axes) as [keyof T, readonly T[keyof T][]][]) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [axis]: value })));
  }
  return rows as T[];
}

/** All cells of an experiment: the product of its axes, the discard policy changing fastest. */
export function planCells(experiment: Experiment, axes: Axes, traces: readonly PlannedTrace[]): Cell[] {
  const all = traces.flatMap((planned, trace) => {
    const memory = experiment.memory === undefined ? undefined : parseMemory(experiment.memory, planned);
    const limit = distinct(experiment.limits.map((text) => parseLimit(text, planned)));
    const { backing, swap, merge, purge, reclaim, discard } = axes;
    const seed = distinct(experiment.seeds);
    const axis = { backing, swap, limit, seed, merge, purge, reclaim, discard };
    return combinations<Omit<Cell, 'cell' | 'experiment' | 'trace' | 'memory'>>(axis).map((cell) => ({
      experiment: experiment.name,
      trace,
      ...(memory === undefined ? {} : { memory }),
      ...cell,
    }));
  });
  return all.map((cell, i) => ({ cell: i + 1, ...cell }));
}
