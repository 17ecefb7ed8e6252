import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { PAGE_BYTES } from '../base/page.js';
import { wholeNumber } from '../base/parse.js';
import { parseSize, sizeInPages, sizeText } from '../base/size.js';
import type { Touches } from '../base/touches.js';
import { canonicalReadahead, type ReadaheadText } from '../contract/readahead.js';
import { canonicalSwap, type SwapText } from '../contract/swap.js';
import { OOM_RULES, type OomRule, THP_MODES, type ThpMode } from '../contract/target.js';
import { liveMachineOf, liveName } from '../live/choice.js';
import { LIVE_MACHINES } from '../live/names.js';
import { simulated } from '../machine/target.js';
import {
  AXES,
  AXIS_NAMES,
  type AxisName,
  isSize,
  MAX_WHOLE,
  perAxis,
  SIZE_COLUMNS,
  type SizeName,
} from '../metrics/axes.js';
import type { AxisKeys } from '../metrics/files.js';
import { controllers } from '../policy/controller/registry.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { Chosen, PolicyInfo, Registry } from '../policy/registry.js';
import { CLOCKS, type ClockKind } from '../replay/closed/clock.js';
import { MEMORY_KINDS, type MemoryKind } from '../replay/memory-kind.js';
import type { ReplayOptions } from '../replay/options.js';

/** A value on every axis: what a cell is run under. Plain data, so that it can be sent to a worker. */
export interface AxisValues {
  /** `sim`, or what `liveName` calls a live machine. */
  readonly machine: string;
  readonly backing: MemoryKind;
  /** In pages; `trace`: as the trace's own `limit` events say. */
  readonly limit: number | 'none' | 'trace';
  /** In pages; `none`: never short. */
  readonly memory: number | 'none';
  readonly swap: SwapText;
  readonly oom: OomRule;
  /** Canonical text of the policy, as are the other four. */
  readonly discard: string;
  readonly reclaim: string;
  readonly merge: string;
  readonly purge: string;
  readonly controller: string;
  readonly seed: number;
  readonly cpus: number;
  readonly clock: ClockKind;
  readonly thp: ThpMode;
  readonly readahead: ReadaheadText;
  /** Sizes as they were asked for: what is the same on all traces, and in all replicates of one. */
  readonly asked: Readonly<Record<SizeName, string>>;
}

/** What the values on an axis may depend on: what sizes are relative to, and what is known of accesses. */
export interface PlannedTrace {
  /** Pages at the peak under `keep` without a limit: 100 % of sizes. */
  readonly peakPages: number;
  readonly pageBytes: number;
  /** One in this number of pages is in it. Default: all. */
  readonly sample?: number;
  /** Default: recorded. */
  readonly touches?: Touches;
  /** Whether it is replayed under a policy that needs the future, alone or next to others. */
  readonly foreseen?: boolean;
}

/** How the text of a value becomes the value that a cell has, and this an option of a replay. */
interface AxisRule<V, O> {
  /** @throws InputError when the text is not a value of the axis */
  readonly parse: (text: string, trace: PlannedTrace) => V;
  readonly option: (value: V) => O;
}

/** A rule whose values the replay takes as they are. */
function plain<V>(parse: AxisRule<V, V>['parse']): AxisRule<V, V> {
  return { parse, option: (value) => value };
}

/** A rule for an axis of names. */
function oneOf<T extends string>(kind: string, names: readonly T[]): AxisRule<T, T> {
  return plain((text) => {
    const name = names.find((known) => known === text);
    if (name === undefined) throw unknownName(kind, text, names);
    return name;
  });
}

/** A rule for an axis of policies: a cell has the canonical text of its policy. */
function policy<T extends PolicyInfo>(registry: Registry<T>): AxisRule<string, Chosen<T>> {
  return { parse: (text) => registry.choose(text).text, option: (text) => registry.choose(text) };
}

function parsePages(text: string, { pageBytes, peakPages }: PlannedTrace): number {
  return sizeInPages(parseSize(text, pageBytes), peakPages);
}

function parseSeed(text: string): number {
  const seed = wholeNumber(text);
  if (seed <= MAX_WHOLE) return seed;
  throw new InputError(`seed "${text}" is not a whole number from 0 to ${MAX_WHOLE}`);
}

/** Source: the largest NR_CPUS in arch/x86/Kconfig. */
const MOST_CPUS = 8192;

function parseCpus(text: string): number {
  const cpus = wholeNumber(text);
  if (cpus >= 1 && cpus <= MOST_CPUS) return cpus;
  throw new InputError(`cpus "${text}" is not a whole number from 1 to ${MOST_CPUS}`);
}

/**
 * What `auto` is. In a sample the neighbours of a page are not there. Where only first accesses were seen, it is not known which
 * pages that were read ahead were used, by which windows go. What is foreseen is of pages that a program asks for.
 */
function usualReadahead({ sample = 1, touches, foreseen = false }: PlannedTrace): ReadaheadText {
  return sample > 1 || touches === 'first-access' || foreseen ? 'off' : 'kernel';
}

/** The axes that are options of a replay: which machine it is on is not one that can be sent to a worker. */
type OptionAxis = Exclude<AxisName, 'machine'>;

function parseMachine(text: string): string {
  if (text === simulated.name) return text;
  const name = LIVE_MACHINES.find((known) => known === text);
  if (name !== undefined) return liveName(name);
  const asNamed = liveMachineOf(text);
  if (asNamed === undefined) throw unknownName('machine', text, [simulated.name, ...LIVE_MACHINES]);
  const here = liveName(asNamed);
  if (here !== text)
    throw new InputError(`machine ${text} is not here, expected ${here} or another kernel image`);
  return text;
}

/** The rule of every axis: `AXES` says what an axis is, and this what its values do. */
const RULES: {
  readonly [N in AxisName]: AxisRule<AxisValues[N], N extends OptionAxis ? ReplayOptions[N] : AxisValues[N]>;
} = {
  machine: plain(parseMachine),
  backing: oneOf('backing', MEMORY_KINDS),
  limit: plain((text, trace) => (text === 'none' || text === 'trace' ? text : parsePages(text, trace))),
  memory: {
    parse: (text, trace) => (text === 'none' ? text : parsePages(text, trace)),
    option: (pages) => (pages === 'none' ? undefined : pages),
  },
  swap: plain(canonicalSwap),
  oom: oneOf('rule for oom', OOM_RULES),
  discard: policy(discardPolicies),
  reclaim: policy(reclaimPolicies),
  merge: policy(mergePolicies),
  purge: policy(purgePolicies),
  controller: policy(controllers),
  seed: plain(parseSeed),
  cpus: plain(parseCpus),
  clock: oneOf('clock', CLOCKS),
  thp: oneOf('thp', THP_MODES),
  readahead: plain((text, trace) =>
    text === AXES.readahead.default ? usualReadahead(trace) : canonicalReadahead(text),
  ),
};

/** The options of a replay that axes set. */
export type AxisOptions = Pick<ReplayOptions, OptionAxis>;

/** Parses the text of a value of an axis. @throws InputError when it is not one */
export function parseAxis<N extends AxisName>(name: N, text: string, trace: PlannedTrace): AxisValues[N] {
  return RULES[name].parse(text, trace);
}

/** The text of a value on every axis. */
export type AxisTexts = Readonly<Record<AxisName, string>>;

/** Parses the text of a value on every axis. @throws InputError for one that is not a value of its axis */
export function parseAxes(texts: AxisTexts, trace: PlannedTrace): AxisValues {
  const values = perAxis((name) => parseAxis(name, texts[name], trace)) as Omit<AxisValues, 'asked'>;
  return { ...values, asked: { limit: askedText(texts.limit), memory: askedText(texts.memory) } };
}

/** A size as results show it. */
function askedText(text: string): string {
  return text === 'none' || text === 'trace' ? text : sizeText(text);
}

/** What tells a value of an axis from others on all traces: a size as it was asked for, else the value. */
export function axisIdentity(name: AxisName, text: string, trace: PlannedTrace): string | number {
  return isSize(name) ? askedText(text) : (parseAxis(name, text, trace) as string | number);
}

/** Stands for the trace where a text is checked before the trace has been read. */
const ANY_TRACE: PlannedTrace = { peakPages: 100, pageBytes: PAGE_BYTES };

/** Checks the text of a value of an axis before the trace has been read. @throws InputError when it is not one */
export function checkAxis(name: AxisName, text: string): void {
  parseAxis(name, text, ANY_TRACE);
}

/** The options of a replay under these values. */
export function axisOptions(values: AxisValues): AxisOptions {
  const option = (name: AxisName) => (RULES[name].option as (value: unknown) => unknown)(values[name]);
  const { machine: _machine, ...options } = perAxis(option);
  return options as unknown as AxisOptions;
}

/** The key columns of these values. */
export function axisColumns(values: AxisValues): AxisKeys {
  const fields = AXIS_NAMES.flatMap((name): [string, string | number | null][] => {
    const { column } = AXES[name];
    if (!isSize(name)) return [[column, values[name]]];
    const pages = values[name];
    return [
      [column, values.asked[name]],
      [SIZE_COLUMNS[name], pages === 'none' ? null : pages],
    ];
  });
  return Object.fromEntries(fields) as AxisKeys;
}
