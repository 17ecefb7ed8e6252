/**
 * The whole comparison in one picture: kinds of memory and families down, policies across, and in each field what a policy
 * saves and what it adds to stalls. The figure `glance` and report.html draw it.
 */
import { costOrder, type Estimate, extraCost, savedPages, savingOrder } from './estimate.js';
import type { GivenKind, TraceFacts } from './facts.js';
import { givenKind } from './facts.js';
import { listed } from './format.js';
import { type Rank, type Ranking, rank, rankIn } from './front.js';
import type { Contender, Selection, Setting, Standing } from './selection.js';

/**
 * What a policy adds to stalls: `less` than the base, as much (`same`: the difference is not clear), or more, by less than
 * 1 % (`little`) or 10 % (`some`) of the time of the trace, or by `much`.
 */
export type Stalls = 'less' | 'same' | 'little' | 'some' | 'much';

const LITTLE = 0.01;
const SOME = 0.1;

/** A policy that saved or cost something. */
export interface Effect {
  readonly savedBytes: Estimate;
  readonly extraNs: Estimate;
  readonly stalls: Stalls;
  /** Whether it is best, or ties. */
  readonly rank: Rank;
}

/** A policy under a limit. */
export interface GlanceField {
  readonly standing: Standing;
  /** Undefined unless it is ranked, and there is what it can be measured against. */
  readonly effect?: Effect | undefined;
}

/** A limit, with a field for each column. */
export interface GlanceLine {
  readonly limit: string;
  readonly fields: readonly GlanceField[];
}

/** A trace on a kind of memory. */
export interface GlanceRow {
  readonly kind: GivenKind;
  readonly family: string;
  readonly trace: TraceFacts;
  readonly backing: string;
  /** The first limit of the experiment and the last: usually none, and the tightest. */
  readonly lines: readonly GlanceLine[];
  /** What the policy saves that saves most, under either limit. */
  readonly mostBytes: number;
}

export interface Glance {
  /** Names of policies; those that are equal in all rows share a column. What the others are measured against has none. */
  readonly columns: readonly (readonly string[])[];
  /** What the others are measured against. */
  readonly base: string;
  readonly rows: readonly GlanceRow[];
  /** Policies without a column, since they were run on one trace of many. */
  readonly leftOut: readonly string[];
}

const KINDS: readonly GivenKind[] = ['shared', 'private', 'any'];

type Rankings = ReadonlyMap<Setting, Ranking>;

const named = ({ contenders }: Setting, name: string) => contenders.find((one) => one.name === name);

/** Whether two policies are the same wherever both were run. */
function equalEverywhere(rankings: Rankings, a: string, b: string): boolean {
  return [...rankings].every(([setting, { reference }]) => {
    const [one, other] = [named(setting, a), named(setting, b)];
    if (!one || !other || one.standing !== other.standing) return one === other;
    if (one.standing !== 'ranked' || !reference) return true;
    const both = [one, other];
    return (
      costOrder(both, setting.axis).sign(one, other) === 0 &&
      savingOrder(both, reference).sign(one, other) === 0
    );
  });
}

/** Policies that were run on one trace of three or more, such as those that an experiment has for one family. */
function ofOneTrace(settings: readonly Setting[]): string[] {
  const traces = new Map<string, Set<string>>();
  for (const { trace, contenders } of settings)
    for (const { name } of contenders) traces.set(name, (traces.get(name) ?? new Set()).add(trace.label));
  const all = new Set(settings.map(({ trace }) => trace.label));
  const single = [...traces].filter(([, on]) => on.size === 1).map(([name]) => name);
  return all.size > 2 && single.length < traces.size ? single : [];
}

/** The columns: all policies but the base and what has none, those that are the same everywhere in one. */
function columnsOf(rankings: Rankings, base: string, leftOut: readonly string[]): string[][] {
  const all = [...rankings.keys()].flatMap(({ contenders }) => contenders);
  // Bounds are no policies that somebody could choose.
  const names = new Set(all.filter(({ standing }) => standing !== 'bound').map(({ name }) => name));
  names.delete(base);
  for (const name of leftOut) names.delete(name);
  const columns: string[][] = [];
  for (const name of names) {
    const same = columns.find(([first]) => equalEverywhere(rankings, first!, name));
    if (same) same.push(name);
    else columns.push([name]);
  }
  return columns;
}

/** What a policy adds to stalls, in words. */
function stallsOf(one: Contender, reference: Contender, setting: Setting, extra: Estimate): Stalls {
  const sign = costOrder([one, reference], setting.axis).sign(one, reference);
  if (sign === 0) return 'same';
  if (sign < 0) return 'less';
  const share = extra.mean / 1000 / (setting.trace.durationUs || Number.POSITIVE_INFINITY);
  return share < LITTLE ? 'little' : share < SOME ? 'some' : 'much';
}

function fieldOf(setting: Setting, ranking: Ranking, names: readonly string[]): GlanceField {
  const { reference, front } = ranking;
  const one = setting.contenders.find(({ name }) => names.includes(name));
  if (!one) return { standing: 'impossible' };
  if (one.standing !== 'ranked' || !reference) return { standing: one.standing };
  const extraNs = extraCost(one, reference, setting);
  return {
    standing: 'ranked',
    effect: {
      savedBytes: inBytes(savedPages(one, reference), setting.trace.pageBytes),
      extraNs,
      stalls: stallsOf(one, reference, setting, extraNs),
      rank: front.some(({ name }) => names.includes(name)) ? 'best' : rankIn(ranking, one),
    },
  };
}

function inBytes({ mean, low, high, n }: Estimate, size: number): Estimate {
  return { mean: mean * size, low: low && low * size, high: high && high * size, n };
}

/** The kind of memory that is given back; merging and reclaim need none. */
function kindOf({ axis, trace, backing }: Setting): GivenKind {
  const kind = givenKind(trace, backing);
  return kind === 'no' && axis !== 'discard' && axis !== 'purge' ? 'any' : kind;
}

/** The first and the last setting of a trace: those between them lie between them. */
function ends(settings: readonly Setting[]): Setting[] {
  return settings.length < 2 ? [...settings] : [settings[0]!, settings.at(-1)!];
}

function rowOf(
  settings: readonly Setting[],
  rankings: Rankings,
  columns: readonly (readonly string[])[],
): GlanceRow {
  const { trace, backing } = settings[0]!;
  const lines = settings.map((setting) => ({
    limit: setting.limit,
    fields: columns.map((names) => fieldOf(setting, rankings.get(setting)!, names)),
  }));
  const saved = lines.flatMap(({ fields }) => fields.map(({ effect }) => effect?.savedBytes.mean ?? 0));
  return {
    kind: kindOf(settings[0]!),
    family: trace.family ?? '',
    trace,
    backing,
    lines,
    mostBytes: Math.max(0, ...saved),
  };
}

/**
 * What there is to see at a glance: undefined where nothing is compared. Of the axes that are not compared, such as swap,
 * only the first values are shown, of each trace. Traces that give nothing back are left out, and columns of policies that were run on one trace
 * of many.
 */
export function glanceOf({ settings }: Selection): Glance | undefined {
  const first = new Map<string, string>();
  for (const { trace, labels } of settings)
    if (!first.has(trace.label)) first.set(trace.label, labels.join());
  const shown = settings.filter(
    (setting) => setting.labels.join() === first.get(setting.trace.label) && kindOf(setting) !== 'no',
  );
  const byTrace = new Map<string, Setting[]>();
  for (const setting of shown) {
    const key = JSON.stringify([setting.trace.label, setting.backing]);
    byTrace.set(key, [...(byTrace.get(key) ?? []), setting]);
  }
  const drawn = [...byTrace.values()].map(ends);
  const rankings: Rankings = new Map(drawn.flat().map((setting) => [setting, rank(setting)]));
  const base = [...rankings.values()].find(({ reference }) => reference)?.reference?.name;
  if (base === undefined) return undefined;
  const leftOut = ofOneTrace(drawn.flat());
  const columns = columnsOf(rankings, base, leftOut);
  const rows = drawn.map((own) => rowOf(own, rankings, columns));
  const ordered = KINDS.flatMap((kind) => rows.filter((row) => row.kind === kind));
  return columns.length === 0 ? undefined : { columns, base, rows: ordered, leftOut };
}

/** Which policies are not drawn, and why, as a sentence; empty where all are. */
export function leftOutText({ leftOut }: Glance): string {
  return leftOut.length === 0 ? '' : `Not drawn: ${listed(leftOut)}, run on one trace only.`;
}
