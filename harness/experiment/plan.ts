import { InputError } from '../base/errors.js';
import type { CostTable } from '../cost/table.js';
import { simulated } from '../machine/target.js';
import { AXES, AXIS_NAMES, type AxisName, isSize, NESTED_AXES, perAxis } from '../metrics/axes.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { bookedDraws } from '../replay/closed/clock.js';
import { replay } from '../replay/replay.js';
import type { Trace } from '../trace/trace.js';
import {
  type AxisTexts,
  type AxisValues,
  axisIdentity,
  axisOptions,
  checkAxis,
  type PlannedTrace,
  parseAxes,
} from './axes.js';
import { type Experiment, FAMILY_KEYS } from './file.js';
import { GivenBack, type GivesBack } from './gives-back.js';

/** One run: a trace with a value on every axis. Plain data. */
export interface Cell extends AxisValues {
  /** From 1, in the order of the experiment. */
  readonly cell: number;
  readonly experiment: string;
  /** Index of its trace among those that were read: one for each replicate. */
  readonly trace: number;
  /** Which of several traces that a generator made with other seeds, from 1. */
  readonly replicate: number;
  /** Draws of device latency. */
  readonly draws: number;
}

/** What a first replay of a trace finds, under `keep` without a limit. */
export interface FirstReplay {
  /** Peak of resident pages: what 100 % of a size means. */
  readonly peakPages: number;
  readonly givesBack: GivesBack;
  /** Whether the program unpins memory. */
  readonly unpins: boolean;
  /** What the replay had to do, from which the time of others is estimated. */
  readonly work: { readonly touches: number; readonly faults: number };
}

/**
 * Replays a trace once, before its cells. Also finds broken traces.
 *
 * @throws InputError for a trace in which nothing is ever in memory
 */
export async function firstReplay(trace: Trace, costs: CostTable): Promise<FirstReplay> {
  // Sizes are relative to what the program asks for.
  const texts = { ...defaultTexts(), limit: 'none', readahead: 'off' };
  const values = parseAxes(texts, { peakPages: 0, pageBytes: trace.meta.pageBytes });
  const options = axisOptions(values);
  const given = new GivenBack();
  const discard = { ...options.discard, info: given.watching(options.discard.info) };
  const result = await replay(trace, { machine: simulated, ...options, discard, costs });
  const { resident_pages_peak, rss_pages_peak, hugetlb_pages_peak } = result.metrics;
  // Images are used in place: their pages are neither charged nor, without struct pages, part of the RSS; nor are hugetlb pages.
  if (resident_pages_peak + rss_pages_peak + hugetlb_pages_peak === 0 && !hasImages(trace))
    throw new InputError(
      'nothing is ever in memory, though nothing is given back (discard keep), so there is nothing to compare; expected events that bring pages in: read, write, pread, pwrite or populate',
      { file: trace.name },
    );
  const { pgfault } = result.metrics;
  return {
    peakPages: resident_pages_peak,
    givesBack: given.pages,
    unpins: given.unpins,
    work: { touches: result.touches, faults: typeof pgfault === 'number' ? pgfault : 0 },
  };
}

/** Whether a trace that has been read declares images or page frames. */
function hasImages({ strings }: Trace): boolean {
  for (let i = 0; i < strings.length; i++) if (/^(xip(\+struct)?|pfn):/.test(strings.text(i))) return true;
  return false;
}

function defaultTexts(): Record<AxisName, string> {
  return perAxis((name) => AXES[name].default);
}

function needsFuture(reclaim: string): boolean {
  return reclaimPolicies.choose(reclaim).info.needsFuture === true;
}

/** Values on some axes, as texts of the flags of `reclaim replay` or as numbers. */
export type GivenAxes = { readonly [N in AxisName]?: string | number | undefined };

/**
 * Plans a single replay: the value on every axis, the default where none is given.
 *
 * @returns plans the values for a trace; where a size is a percentage of its peak, the trace is replayed for that
 * @throws InputError when a value is not one of its axis, before the trace is read
 */
export function planReplay(given: GivenAxes): (trace: Trace, costs: CostTable) => Promise<AxisValues> {
  const texts = perAxis((name) => String(given[name] ?? AXES[name].default));
  for (const name of AXIS_NAMES) checkAxis(name, texts[name]);
  const foreseen = needsFuture(texts.reclaim);
  const relative = AXIS_NAMES.some((name) => isSize(name) && texts[name].endsWith('%'));
  return async (trace, costs) => {
    const peak = relative ? (await firstReplay(trace, costs)).peakPages : 0;
    const { pageBytes, sample, touches } = trace.meta;
    return parseAxes(texts, { peakPages: peak, pageBytes, sample, touches, foreseen });
  };
}

/** The texts that an experiment lists on an axis, for traces of a family. */
function listed(experiment: Experiment, name: AxisName, trace?: OfExperiment): string[] {
  const own = trace && name in FAMILY_KEYS ? ofFamily(experiment, name as FamilyAxis, trace) : [];
  const more = trace && name === 'discard' ? privateDiscards(experiment, trace) : [];
  return [...experiment[AXES[name].key].map(String), ...own, ...more];
}

/** An axis with values for the traces of one family. */
type FamilyAxis = keyof typeof FAMILY_KEYS;

/** The values for traces of this family alone, besides those for all. */
function ofFamily(experiment: Experiment, name: FamilyAxis, { family }: OfExperiment): readonly string[] {
  return family === undefined ? [] : (experiment[FAMILY_KEYS[name]][family] ?? []);
}

/** Discard policies for a trace that gives back private memory above all. */
function privateDiscards(experiment: Experiment, { givesBack }: OfExperiment): readonly string[] {
  const isPrivate = givesBack !== undefined && givesBack.privatePages > givesBack.sharedPages;
  return isPrivate ? (experiment.private_discard ?? []) : [];
}

/**
 * Checks the axes of an experiment before its traces have been read.
 *
 * @throws InputError with the line and column of an unknown policy, parameter, swap or size
 */
export function checkAxes(experiment: Experiment): void {
  const check = (name: AxisName, texts: readonly string[], path: readonly PropertyKey[]) =>
    texts.forEach((text, i) => {
      try {
        checkAxis(name, text);
      } catch (error) {
        throw error instanceof InputError ? error.at(experiment.placeOf([...path, i])) : error;
      }
    });
  for (const name of AXIS_NAMES) check(name, listed(experiment, name), [AXES[name].key]);
  for (const [name, key] of Object.entries(FAMILY_KEYS) as [FamilyAxis, (typeof FAMILY_KEYS)[FamilyAxis]][])
    for (const [family, texts] of Object.entries(experiment[key])) check(name, texts, [key, family]);
}

/** Draws of device latency that a cell books: a controller acts by those of one. */
export function drawsUnder({ controller, clock }: AxisValues, draws: number): number {
  return controller === AXES.controller.default ? bookedDraws(clock, draws) : 1;
}

/** A trace of an experiment, as cells are planned on it. */
interface OfExperiment extends PlannedTrace {
  readonly family?: string | undefined;
  readonly givesBack?: Readonly<GivesBack> | undefined;
}

/** Values on some axes, and whether one of them is for traces of a family alone. */
interface Combination {
  readonly texts: Partial<AxisTexts>;
  readonly ofFamily: boolean;
}

/** The values on one axis, each once. Those for all traces come first. */
function valuesOf(experiment: Experiment, name: AxisName, trace: OfExperiment): readonly Combination[] {
  const forAll = experiment[AXES[name].key].length;
  const values = new Map<string | number, Combination>();
  listed(experiment, name, trace).forEach((text, i) => {
    const identity = axisIdentity(name, text, trace);
    if (!values.has(identity)) values.set(identity, { texts: { [name]: text }, ofFamily: i >= forAll });
  });
  return [...values.values()];
}

/**
 * All combinations of the values of all axes on a trace, nested as `AXES` says. Values for a family alone are combined with those
 * for all traces, and not with each other: each asks a question of its own, and together they would be many cells.
 */
function combinations(experiment: Experiment, planned: OfExperiment): AxisValues[] {
  // Policies are compared with those that need the future as equals.
  const trace = { ...planned, foreseen: experiment.reclaim.some(needsFuture) };
  let rows: readonly Combination[] = [{ texts: {}, ofFamily: false }];
  for (const name of NESTED_AXES) {
    const values = valuesOf(experiment, name, trace);
    rows = rows.flatMap((row) =>
      values
        .filter((value) => !(row.ofFamily && value.ofFamily))
        .map((value) => ({
          texts: { ...row.texts, ...value.texts },
          ofFamily: row.ofFamily || value.ofFamily,
        })),
    );
  }
  return rows.map(({ texts }) => parseAxes(texts as AxisTexts, trace));
}

/** All cells of an experiment: the product of its axes on each trace. @throws InputError as `checkAxes`, without a place */
export function planCells(
  experiment: Experiment,
  traces: readonly (OfExperiment & { readonly replicate: number })[],
): Cell[] {
  return traces
    .flatMap((planned, trace) =>
      combinations(experiment, planned).map((values) => ({
        experiment: experiment.name,
        trace,
        replicate: planned.replicate,
        draws: drawsUnder(values, experiment.draws),
        ...values,
      })),
    )
    .map((cell, i) => ({ cell: i + 1, ...cell }));
}
