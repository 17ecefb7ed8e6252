/** Tables of results, without their layout: terminal and report.html show the same ones. */
import type { DrawsByCell } from '../metrics/draws.js';
import type { RunRow } from '../metrics/files.js';
import { type Axis, groupBy, stallsAre, type TraceFacts, tableTitle, traceName } from './comparison.js';
import { costOf, extraCost, heldPages, savedPages } from './estimate.js';
import { listed, mib, ms, withScatter } from './format.js';
import { type Rank, type Ranking, rank, rankIn } from './front.js';
import { type Contender, type LeftOut, type Setting, type Standing, select } from './selection.js';

/** A policy in a setting, with what the setting found. */
interface Place {
  readonly one: Contender;
  readonly setting: Setting;
  /** What it is compared with: where keep did not survive, the survivor that holds most, as in charts. */
  readonly base: Contender | undefined;
  readonly ranking: Ranking;
}

/** A figure of a policy, a column for each limit. */
interface Figure {
  readonly head: string;
  /** Undefined where there is none to show. */
  value(place: Place): number | undefined;
  text(value: number, place: Place): string;
}

function pageBytesOf({ setting }: Place): number {
  return setting.trace.pageBytes;
}

/** The mean of a number of the cells of a policy; undefined where it does not apply, or was not measured. */
function meanOf({ one }: Place, of: (row: RunRow) => RunRow[keyof RunRow]): number | undefined {
  const values = one.rows.map(of).filter((value): value is number => typeof value === 'number');
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A difference of numbers of a CSV file, with as many decimals as these have. */
function asInCsv(value: number): number {
  return Number(value.toFixed(6));
}

/** What is saved against the base in MiB, with half of its interval where replicates differ. */
function savedText(place: Place): string {
  const { mean, low, high } = savedPages(place.one, place.base!);
  const text = mib(mean, pageBytesOf(place));
  if (low === undefined || high === undefined) return text;
  const half = mib((high - low) / 2, pageBytesOf(place));
  return Number(half) === 0 ? text : `${text}\u00b1${half}`;
}

/** Memory saved against the base. */
const SAVED: Figure = {
  head: 'saved\nMiB',
  value: ({ one, base }) => base && asInCsv(savedPages(one, base).mean),
  text: (_, place) => savedText(place),
};

/** The same; of the base itself, in parentheses, what is held. */
const SAVED_OR_HELD: Figure = {
  head: 'saved\nMiB',
  value: ({ one, base }) => (base && one !== base ? savedPages(one, base).mean : heldPages(one).mean),
  text: (pages, place) => {
    const { one, base } = place;
    return base && one !== base ? savedText(place) : `(${mib(pages, pageBytesOf(place))})`;
  },
};

const STALL_MARKS = { known: '', inferred: '~', least: '\u2265' } as const;

/** `~` where accesses, and so the faults among the stalls, are inferred; `≥` where faults are missing. */
function stallMark({ one, setting }: Place): string {
  return STALL_MARKS[stallsAre(one.rows[0]!, setting.trace)];
}

/** What a policy costs beyond the base. */
const EXTRA: Figure = {
  head: 'extra\nms',
  value: ({ one, base, setting }) => (base && one !== base ? extraCost(one, base, setting).mean : undefined),
  text: (_, place) =>
    `${stallMark(place)}${withScatter(extraCost(place.one, place.base!, place.setting), ms)}`,
};

/** The same; of the base itself, in parentheses, all that it costs. */
const EXTRA_OR_ALL: Figure = {
  head: 'extra\nms',
  value: (place) => EXTRA.value(place) ?? costOf(place.one, place.setting).mean,
  text: (ns, place) =>
    place.base && place.one !== place.base ? EXTRA.text(ns, place) : `(${stallMark(place)}${ms(ns)})`,
};

const STALL: Figure = {
  head: 'stall\nms',
  value: (place) => meanOf(place, (row) => row.stall_ns),
  text: (ns, place) => `${stallMark(place)}${ms(ns)}`,
};

const MAJOR: Figure = {
  head: 'major\n/1000',
  value: (place) => meanOf(place, (row) => row.major_rate),
  text: (rate) => rate.toFixed(2),
};

const KSMD: Figure = {
  head: 'ksmd\nms',
  value: (place) => meanOf(place, (row) => row.ksmd_cpu_ns),
  text: ms,
};

/** What memory that was given back costs later, by what is compared. */
const PRICE: Readonly<Record<Axis, Figure>> = {
  discard: MAJOR,
  reclaim: MAJOR,
  merge: KSMD,
  'discard and merge': KSMD,
  purge: {
    head: 'regenerated\nMiB',
    value: (place) => meanOf(place, (row) => row.regenerated_pages),
    text: (pages, place) => mib(pages, pageBytesOf(place)),
  },
};

/** All figures that tables have. */
function allFigures(axis: Axis): readonly Figure[] {
  return [SAVED, EXTRA, PRICE[axis], STALL];
}

/** Those of narrow tables. */
export function fewFigures(): readonly Figure[] {
  return [SAVED_OR_HELD, EXTRA_OR_ALL];
}

/** One place in a table. */
export interface TableCell {
  readonly text: string;
  /** What it is sorted by; undefined where there is no number. */
  readonly value?: number | undefined;
  /** Whether its policy is best there, or ties; undefined where the column has no such mark. */
  readonly rank?: Rank | undefined;
}

/** Policies with the same figures under every limit. */
export interface TableLine {
  readonly names: readonly string[];
  readonly cells: readonly TableCell[];
}

/** The lines of a trace on a kind of memory. */
export interface TableBlock {
  readonly trace: TraceFacts;
  /** A row of it that says which. */
  readonly first: RunRow;
  readonly lines: readonly TableLine[];
}

/** One table, without its layout. */
export interface FamilyTable {
  readonly title: string;
  readonly axis: Axis;
  readonly limits: readonly string[];
  /** Heads of the columns below each limit, in lines. */
  readonly heads: readonly string[];
  readonly traces: readonly TableBlock[];
}

/** What tables say of policies that were not ranked. */
const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  ranked: '',
  bound: 'bound',
  refused: 'refused',
  impossible: 'n/a',
  oom: 'oom',
  timeout: 'timeout',
  failed: 'failed',
};

/** What tables say of how a policy stands; nothing of one that is ranked. */
export function standingWord(standing: Standing): string {
  return STANDING_WORDS[standing];
}

/** The figures of a policy in a setting; a word where it was not ranked, in the first of them. */
function tableCells(
  one: Contender | undefined,
  setting: Setting,
  ranking: Ranking,
  figures: readonly Figure[],
): TableCell[] {
  const none = figures.map(() => ({ text: '' }));
  if (!one) return none;
  const { standing } = one;
  if (standing !== 'ranked' && standing !== 'bound')
    return [{ text: STANDING_WORDS[standing] }, ...none.slice(1)];
  const place = { one, setting, ranking, base: ranking.reference };
  return figures.map((figure, i) => {
    const value = figure.value(place);
    const mark = i === 0 ? rankIn(ranking, one) : undefined;
    return value === undefined
      ? { text: '', rank: mark }
      : { text: figure.text(value, place), value, rank: mark };
  });
}

/** Policies with the same figures under every limit share a line. */
function merged(lines: readonly TableLine[]): TableLine[] {
  const byTexts = new Map<string, TableLine>();
  for (const { names, cells } of lines) {
    const key = JSON.stringify(cells.map(({ text, rank }) => [text, rank]));
    const same = byTexts.get(key);
    byTexts.set(key, { names: [...(same?.names ?? []), ...names], cells: same?.cells ?? cells });
  }
  return [...byTexts.values()];
}

function block(
  settings: readonly Setting[],
  limits: readonly string[],
  figures: readonly Figure[],
): TableBlock {
  const under = limits.map((limit) => settings.find((setting) => setting.limit === limit));
  const rankings = under.map((setting) => setting && rank(setting));
  const names = new Set(settings.flatMap(({ contenders }) => contenders.map(({ name }) => name)));
  const lines = [...names].map((name) => ({
    names: [name],
    cells: under.flatMap((setting, i) =>
      setting
        ? tableCells(
            setting.contenders.find((one) => one.name === name),
            setting,
            rankings[i]!,
            figures,
          )
        : figures.map(() => ({ text: '' })),
    ),
  }));
  const { trace, first } = settings[0]!;
  return { trace, first, lines: merged(lines) };
}

/** The tables of some traces, one for each combination of what is not compared: usually one. */
export interface FamilyTables {
  readonly tables: readonly FamilyTable[];
  /** What the tables leave out, as a sentence; empty where nothing is. */
  readonly leftOut: string;
}

/** What is left out, and why, as a sentence. */
function leftOutText(leftOut: readonly LeftOut[]): string {
  const reasons = ['not possible', 'same as recorded'] as const;
  const clauses = reasons.flatMap((reason) => {
    const names = leftOut
      .filter(({ why }) => why === reason)
      .map(({ trace, backing }) => traceName({ trace: trace.label, backing }));
    return names.length === 0 ? [] : [`${listed(names)} (${reason})`];
  });
  return clauses.length === 0 ? '' : `Left out: ${clauses.join('; ')}.`;
}

/**
 * The tables of a family.
 *
 * @param name what is above them: a family, or what the traces are called together
 * @param members its traces
 * @param figures the columns below each limit
 */
export function familyTables(
  name: string,
  runs: readonly RunRow[],
  members: readonly TraceFacts[],
  draws: DrawsByCell = new Map(),
  figures: (axis: Axis) => readonly Figure[] = allFigures,
): FamilyTables {
  const { axis, settings, leftOut } = select({ runs, draws, traces: members });
  const keyed = settings.map((setting) => ({ setting, labels: setting.labels.join() }));
  const tables = groupBy(keyed, ['labels']).map((group) => {
    const own = group.map(({ setting }) => setting);
    const limits = [...new Set(own.map(({ limit }) => limit))];
    const blocks = new Map<string, Setting[]>();
    for (const setting of own) {
      const key = JSON.stringify([setting.trace.label, setting.backing]);
      blocks.set(key, [...(blocks.get(key) ?? []), setting]);
    }
    return {
      title: tableTitle(name, own[0]!.first, runs, own[0]!.trace.pageBytes),
      axis,
      limits,
      heads: figures(axis).map(({ head }) => head),
      traces: [...blocks.values()].map((some) => block(some, limits, figures(axis))),
    };
  });
  return { tables, leftOut: leftOutText(leftOut) };
}
