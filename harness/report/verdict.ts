/**
 * What results say, as plain data: by family and kind of memory, what to use and what not, what it costs, how sure that is and
 * on what evidence. `verdict-text.ts` prints it, report.html shows the same.
 */
import { STALL_PARTS } from '../metrics/schema.js';
import { scaled } from '../stats/estimate.js';
import { type AtOnce, atOnceOrLater } from './at-once.js';
import { available, type Choice, type Contest, choicesOf, contestsOf, hypotheticals } from './choice.js';
import { type Axis, groupBy, isShort } from './comparison.js';
import { type Estimate, extraCost, maySave, type Scaled, savedPages } from './estimate.js';
import { evidenceWord, type GivenKind, givenKind, type TraceFacts } from './facts.js';
import { numberIn, type Range } from './format.js';
import { rank, referenceOf, saversOf } from './front.js';
import { type HugePages, hugePagesIn, usualSettings } from './huge-pages.js';
import { baseOf, type Contender, rankedOf, type Selectable, type Setting, select } from './selection.js';
import { FACTORS } from './sensitivity.js';

/**
 * What a choice saves and costs: on each of its traces under the loosest limit where it saves anything. Ranges are over
 * traces and the 95 % interval of each.
 */
export interface Numbers {
  /** What these limits are called. */
  readonly limits: readonly string[];
  /** Memory saved as a mean over time, in bytes. Undefined where keep did not survive. */
  readonly savedBytes: Range | undefined;
  /** Cost beyond that of keep for each MiB saved, in ns. */
  readonly extraNsPerMib: Range | undefined;
  /** The same cost as a share of the duration of the trace. */
  readonly extraOfRun: Range | undefined;
}

/** What to use for some traces, and what that means. */
export interface Use extends Choice {
  readonly numbers: Numbers;
  /** How far the costs of a call of the policies in `shown` are from each other, in ns; 0 for one policy. */
  readonly callsApartNs: number;
}

/** A class of cost on which what to use hangs. */
export interface PriceFlip extends Scaled {
  /** What is best then. */
  readonly names: readonly string[];
}

/** Where the policy that others are compared with ran out of memory. */
export interface OutOfMemory {
  /** The label of the trace. */
  readonly trace: string;
  readonly limit: string;
  readonly labels: readonly string[];
  readonly names: readonly string[];
  readonly survivors: readonly string[];
}

/** A setting in which policies tie with the best: the marks of tables say which. */
export interface Tie {
  /** The label of the trace. */
  readonly trace: string;
  /** The kind of memory: `recorded`, `anon` or `shmem`. */
  readonly backing: string;
  readonly limit: string;
  readonly labels: readonly string[];
  /** The best that are beaten only by what is not clear. */
  readonly best: readonly string[];
  readonly tied: readonly string[];
}

/** The verdict on the traces of a family that give back one kind of memory. */
export interface VerdictPart {
  readonly family: string | undefined;
  readonly kind: GivenKind;
  /** Labels of the traces. */
  readonly traces: readonly string[];
  /** How many settings it rests on. */
  readonly settings: number;
  /** Whether any of them has more than one policy. */
  readonly compared: boolean;
  /** Whether any policy survived in any of them. */
  readonly survived: boolean;
  /** Empty where no policy saves anything. */
  readonly use: readonly Use[];
  /** Policies in no kernel that would do clearly better in some settings. */
  readonly hypothetical: readonly string[];
  /** Policies whose calls succeed and save nothing in any setting. */
  readonly useless: readonly string[];
  /** Policies whose calls succeed and save memory only where it is short. */
  readonly lazy: readonly string[];
  /** Policies of which every call is refused. */
  readonly refused: readonly string[];
  /** Those of them whose calls would destroy files that others use, and are not made for that. */
  readonly sparing: readonly string[];
  readonly outOfMemory: readonly OutOfMemory[];
  readonly ties: readonly Tie[];
  /** Of traces with policies that wait before they give memory back: whether that is cheaper. */
  readonly atOnce: readonly AtOnce[];
  /** Where the axis `thp` has several values: what is best with each of the others, and what that saves, against the first. */
  readonly hugePages: readonly HugePages[];
  readonly priceFlips: readonly PriceFlip[];
}

/** What a verdict rests on. */
export interface Evidence {
  readonly trace: string;
  /** In a word: `recorded`, `inferred`, `composed`, `synthetic`; what of a recording is not all recorded counts as that. */
  readonly origin: string;
  readonly durationUs: number | undefined;
  readonly peakBytes: number;
}

/** What results say. */
export interface Verdict {
  readonly axis: Axis;
  /** What savings and costs are against, where it survived anywhere: `keep`, `none`, or the first reclaim policy. */
  readonly base: string | undefined;
  /** The names of all policies. */
  readonly policies: readonly string[];
  /** By kind of memory, and within it by family, in the order of the experiment. */
  readonly parts: readonly VerdictPart[];
  /** Draws of device latencies of each cell: the least of all. */
  readonly draws: number;
  /** Replicates of generated workloads; 1 where there are only recorded ones. */
  readonly replicates: number;
  readonly evidence: readonly Evidence[];
}

const MIB = 1024 * 1024;

function named(setting: Setting, name: string): Contender | undefined {
  return rankedOf(setting).find((one) => one.name === name);
}

/**
 * What policies save anything in a setting: against all others, or against those that kernels have, of which what to use is
 * chosen.
 */
function savingNames(setting: Setting): string[] {
  const savers = [...saversOf(setting), ...saversOf(available(setting))];
  return [...new Set(savers.map(({ name }) => name))];
}

/** A policy in a setting, and what it is compared with. */
interface Placed {
  readonly setting: Setting;
  readonly one: Contender;
  readonly reference: Contender;
}

/** Of each trace of a choice, the first setting in which it saves anything. */
function loosest(settings: readonly Setting[], { shown, traces }: Choice): Placed[] {
  return traces.flatMap((label) => {
    const own = settings.filter(({ trace }) => trace.label === label);
    const placed = own.flatMap((setting) => {
      const one = named(setting, shown[0]!);
      const reference = referenceOf(setting);
      const counts = setting.axis === 'reclaim' || savingNames(setting).includes(shown[0]!);
      return one && reference && one !== reference && counts ? [{ setting, one, reference }] : [];
    });
    return placed.slice(0, 1);
  });
}

/** An estimate for each place, by what it is multiplied with, as a range. Undefined where there is no place. */
function rangeOver(
  placed: readonly Placed[],
  of: (place: Placed) => Estimate,
  factor: (place: Placed) => number,
): Range | undefined {
  const ends = placed.flatMap((place) => {
    const { mean, low = mean, high = mean } = scaled(of(place), factor(place));
    return [low, high];
  });
  return ends.length === 0 ? undefined : { low: Math.min(...ends), high: Math.max(...ends) };
}

function numbersOf(settings: readonly Setting[], choice: Choice): Numbers {
  const placed = loosest(settings, choice);
  const kept = placed.filter(({ setting }) => baseOf(setting));
  const saving = settings[0]!.axis !== 'reclaim';
  const saved = ({ one, reference }: Placed) => savedPages(one, reference);
  const extra = ({ setting, one, reference }: Placed) => extraCost(one, reference, setting);
  const mib = (place: Placed) => (saved(place).mean * place.setting.trace.pageBytes) / MIB;
  return {
    limits: [...new Set(placed.map(({ setting }) => setting.limit))],
    savedBytes: saving ? rangeOver(kept, saved, ({ setting }) => setting.trace.pageBytes) : undefined,
    extraNsPerMib: saving ? rangeOver(kept, extra, (place) => 1 / mib(place)) : undefined,
    extraOfRun: rangeOver(
      kept.filter(({ one }) => numberIn(one.rows[0]!, 'trace_time_us') > 0),
      extra,
      ({ one }) => 1 / (numberIn(one.rows[0]!, 'trace_time_us') * 1000),
    ),
  };
}

/** What a call of a policy costs on average, in ns; undefined where it makes none. */
function callNs(settings: readonly Setting[], name: string): number | undefined {
  const rows = settings.flatMap((setting) => named(setting, name)?.rows ?? []);
  const calls = rows.reduce((sum, row) => sum + numberIn(row, 'discard_calls'), 0);
  const stall = rows.reduce((sum, row) => sum + numberIn(row, 'stall_discard_ns'), 0);
  return calls === 0 ? undefined : stall / calls;
}

function useOf(settings: readonly Setting[], choice: Choice): Use {
  const own = settings.filter(({ trace }) => choice.traces.includes(trace.label));
  const calls = choice.shown.flatMap((name) => callNs(own, name) ?? []);
  return {
    ...choice,
    numbers: numbersOf(own, choice),
    callsApartNs: calls.length > 1 ? Math.max(...calls) - Math.min(...calls) : 0,
  };
}

/** Whether calls of a policy left memory for reclaim to take. */
function isLazy({ rows }: Contender): boolean {
  return rows.some((row) => numberIn(row, 'pglazyfree') > 0 || numberIn(row, 'volatile_pages_mean') > 0);
}

function namesIn(
  settings: readonly Setting[],
  wanted: (one: Contender, setting: Setting) => boolean,
): string[] {
  const names = settings.flatMap((setting) =>
    setting.contenders.filter((one) => wanted(one, setting)).map(({ name }) => name),
  );
  return [...new Set(names)];
}

/** Whether a policy did anything: it made calls, or nothing like calls is compared. */
function acts({ rows }: Contender, { axis }: Setting): boolean {
  return !axis.includes('discard') || rows.some((row) => numberIn(row, 'discard_calls') > 0);
}

/** Whether a policy may save something in a setting: what saves on average does not free nothing, however much it scatters. */
function maySaveIn(setting: Setting, one: Contender): boolean {
  const reference = referenceOf(setting);
  return reference !== undefined && maySave(one, reference);
}

/** Policies that are not to be used, by what becomes of their calls. */
function notToUse(
  settings: readonly Setting[],
): Pick<VerdictPart, 'useless' | 'lazy' | 'refused' | 'sparing'> {
  const saving = new Set([
    ...settings.flatMap(savingNames),
    ...namesIn(settings, (one, setting) => one.standing === 'ranked' && maySaveIn(setting, one)),
  ]);
  const ranked = namesIn(
    settings,
    (one, setting) => one.standing === 'ranked' && one !== referenceOf(setting),
  );
  const lazy = namesIn(settings, (one, { first }) => isLazy(one) && !isShort(first));
  const acting = namesIn(settings, acts);
  const idle = ranked.filter((name) => !saving.has(name) && acting.includes(name));
  const refused = namesIn(settings, ({ standing }) => standing === 'refused');
  return {
    useless: settings[0]!.axis === 'reclaim' ? [] : idle.filter((name) => !lazy.includes(name)),
    lazy,
    refused: refused.filter((name) => !ranked.includes(name)),
    sparing: namesIn(
      settings,
      ({ standing, rows }) =>
        standing === 'refused' && rows.some((row) => numberIn(row, 'discard_refused') > 0),
    ),
  };
}

/** Settings in which what others are compared with ran out of memory. */
function outOfMemory(settings: readonly Setting[]): OutOfMemory[] {
  return settings.flatMap((setting) => {
    const names = setting.contenders.filter(({ standing }) => standing === 'oom').map(({ name }) => name);
    if (names.length === 0) return [];
    const { trace, limit, labels } = setting;
    return [
      { trace: trace.label, limit, labels, names, survivors: rankedOf(setting).map(({ name }) => name) },
    ];
  });
}

/** Settings in which policies tie with the best. */
function tiesIn(settings: readonly Setting[]): Tie[] {
  return settings.flatMap((setting) => {
    const { tied, tiedWith } = rank(setting);
    if (tied.length === 0) return [];
    const { trace, backing, limit, labels } = setting;
    const names = (some: readonly Contender[]) => some.map(({ name }) => name);
    return [
      {
        trace: trace.label,
        backing,
        limit,
        labels,
        best: [...new Set([...tiedWith.values()].flatMap(names))],
        tied: names(tied),
      },
    ];
  });
}

/** Each class of cost halved and doubled: where that changes what to use. */
function priceFlips(contests: readonly Contest[], usual: readonly Choice[]): PriceFlip[] {
  const text = (choices: readonly Choice[]) =>
    JSON.stringify(choices.map(({ traces, shown }) => [traces, shown]));
  return STALL_PARTS.flatMap((part) => {
    return FACTORS.flatMap((factor) => {
      const choices = choicesOf(contests, { part, factor });
      if (text(choices) === text(usual)) return [];
      return [{ part, factor, names: [...new Set(choices.flatMap(({ shown }) => shown))] }];
    });
  });
}

function partOf(settings: readonly Setting[]): VerdictPart {
  const { trace, backing } = settings[0]!;
  const usual = usualSettings(settings);
  const contests = contestsOf(usual);
  const choices = choicesOf(contests);
  return {
    family: trace.family,
    kind: givenKind(trace, backing),
    traces: [...new Set(settings.map((setting) => setting.trace.label))],
    settings: settings.length,
    compared: settings.some(({ contenders }) => contenders.length > 1),
    survived: settings.some((setting) => rankedOf(setting).length > 0),
    use: choices.map((choice) => useOf(usual, choice)),
    hypothetical: hypotheticals(settings),
    ...notToUse(settings),
    outOfMemory: outOfMemory(settings),
    ties: tiesIn(settings),
    atOnce: atOnceOrLater(settings),
    hugePages: hugePagesIn(settings),
    priceFlips: priceFlips(contests, choices),
  };
}

/** Kinds of memory in the order of verdicts. */
const KINDS: readonly GivenKind[] = ['shared', 'private', 'any', 'no'];

function evidenceOf(trace: TraceFacts): Evidence {
  return {
    trace: trace.label,
    origin: evidenceWord(trace),
    durationUs: trace.durationUs,
    peakBytes: trace.peakPages * trace.pageBytes,
  };
}

/**
 * What results say.
 *
 * @example What to use, and what it saves
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { readExperiment, runExperiment, verdictOf } from 'reclaim-bench';
 *
 * writeFileSync('pools.yaml', 'name: pools\ntraces: [mariadb-resize]\ndiscard: [keep, dontneed, free]\n');
 * const run = await runExperiment(readExperiment('pools.yaml'), { out: 'pools' });
 * for (const { kind, use } of verdictOf(run).parts)
 *   for (const { shown, numbers } of use)
 *     console.log(kind, shown.join(', '), `${(numbers.savedBytes!.low / 2 ** 20).toFixed(1)} MiB`);
 * // → private dontneed 2.0 MiB
 * ```
 */
export function verdictOf(results: Selectable): Verdict {
  const { axis, settings } = select(results);
  const keyed = settings.map((setting) => ({
    setting,
    family: setting.trace.family,
    kind: givenKind(setting.trace, setting.backing),
  }));
  const parts = groupBy(keyed, ['family', 'kind']).map((group) => group.map(({ setting }) => setting));
  const all = settings.flatMap(({ contenders }) => contenders);
  return {
    axis,
    base: settings.flatMap((setting) => baseOf(setting)?.name ?? [])[0],
    policies: [...new Set(all.map(({ name }) => name))],
    parts: parts.map(partOf).sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)),
    draws: Math.min(...all.map(({ draws }) => Math.max(1, draws[0]!.length))),
    replicates: Math.max(...all.map(({ rows }) => rows.length)),
    evidence: results.traces.map(evidenceOf),
  };
}
