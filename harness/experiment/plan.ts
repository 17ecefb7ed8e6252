import { InputError } from '../input/errors.js';
import { unknownName } from '../input/nearest.js';
import { parseSize, sizeInPages } from '../input/size.js';
import { SWAP_KINDS, type SwapKind } from '../machine/machine.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
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

/** Everything of an experiment that can be checked before its traces are read. */
export interface Axes {
  readonly discard: readonly string[];
  readonly reclaim: readonly string[];
  readonly merge: readonly string[];
  readonly purge: readonly string[];
  readonly swap: readonly SwapKind[];
}

/** @throws InputError naming the experiment's file for an unknown policy, parameter, swap or limit */
export function checkAxes(experiment: Experiment): Axes {
  try {
    for (const limit of experiment.limits) parseLimit(limit, { peakPages: 100, pageBytes: 4096 });
    if (experiment.memory !== undefined) parseMemory(experiment.memory, { peakPages: 100, pageBytes: 4096 });
    return {
      discard: distinct(experiment.discard.map((text) => discardPolicies.choose(text).text)),
      reclaim: distinct(experiment.reclaim.map((text) => reclaimPolicies.choose(text).text)),
      merge: distinct(experiment.merge.map((text) => mergePolicies.choose(text).text)),
      purge: distinct(experiment.purge.map((text) => purgePolicies.choose(text).text)),
      swap: distinct(experiment.swap.map(parseSwap)),
    };
  } catch (error) {
    throw error instanceof InputError ? error.at({ file: experiment.file }) : error;
  }
}

/** All cells of an experiment: the product of its axes, the discard policy changing fastest. */
export function planCells(experiment: Experiment, axes: Axes, traces: readonly PlannedTrace[]): Cell[] {
  const cells: Cell[] = [];
  traces.forEach((planned, trace) => {
    const memory = experiment.memory === undefined ? undefined : parseMemory(experiment.memory, planned);
    const limits = distinct(experiment.limits.map((text) => parseLimit(text, planned)));
    for (const swap of axes.swap)
      for (const limit of limits)
        for (const seed of distinct(experiment.seeds))
          for (const merge of axes.merge)
            for (const purge of axes.purge)
              for (const reclaim of axes.reclaim)
                for (const discard of axes.discard) {
                  const cell = cells.length + 1;
                  cells.push({
                    cell,
                    experiment: experiment.name,
                    trace,
                    limit,
                    ...(memory === undefined ? {} : { memory }),
                    swap,
                    discard,
                    reclaim,
                    merge,
                    purge,
                    seed,
                  });
                }
  });
  return cells;
}
