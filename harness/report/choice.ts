/** Which policy to use, over the settings of some traces. */
import type { Scaled } from './estimate.js';
import { type Ranking, rankerOf } from './front.js';
import { baseOf, type Contender, rankedOf, type Setting } from './selection.js';

/** Policies that are best for some traces. */
export interface Choice {
  /** The labels of the traces. */
  readonly traces: readonly string[];
  /** All that are best there: more than one where they tie. */
  readonly names: readonly string[];
  /** Those of them that are neither synonyms nor variants of others. */
  readonly shown: readonly string[];
  /** In how many settings they are best, of those in which any policy saves. */
  readonly best: number;
  readonly of: number;
}

/** Volatile ranges are in no kernel: they are compared, and not recommended. */
function isHypothetical({ rows: [row] }: Contender, { axis }: Setting): boolean {
  return axis.includes('discard') && /^volatile\b/.test(row!.discard);
}

/** A setting without what no kernel has. */
export function available(setting: Setting): Setting {
  return { ...setting, contenders: setting.contenders.filter((one) => !isHypothetical(one, setting)) };
}

/** The best policies of a setting: those that save most, or where reclaim is compared, cost least. */
function bestOf({ axis }: Setting, { most, cheapest }: Ranking): readonly Contender[] {
  return axis === 'reclaim' ? cheapest : most;
}

/** A setting in which there is something to choose, and the policies of it that kernels have, ranked under any prices. */
export interface Contest {
  readonly setting: Setting;
  ranking(price?: Scaled): Ranking;
}

/** What is to be chosen in: settings with more than one policy, of which one survived at least, besides keep. */
export function contestsOf(settings: readonly Setting[]): Contest[] {
  return settings
    .filter(
      (setting) => setting.contenders.length > 1 && rankedOf(setting).length > (baseOf(setting) ? 1 : 0),
    )
    .map((setting) => ({ setting, ranking: rankerOf(available(setting)) }));
}

/** The names of what is best in a contest; none where no policy clearly saves anything. */
export function bestNames({ setting, ranking }: Contest, price?: Scaled): string[] {
  return bestOf(setting, ranking(price)).map(({ name }) => name);
}

/** Policies in no kernel that would do clearly better than any that is in one. */
export function hypotheticals(settings: readonly Setting[]): string[] {
  const better = settings.flatMap((setting) => {
    const best = bestOf(setting, rankerOf(setting)());
    return best.every((one) => isHypothetical(one, setting)) ? best.map(({ name }) => name) : [];
  });
  return [...new Set(better)];
}

/** What a policy holds and costs in every setting. */
function signature(name: string, settings: readonly Setting[]): string {
  const values = settings.map((setting) =>
    setting.contenders
      .find((one) => one.name === name)
      ?.rows.map((row) => [row.outcome, row.footprint_pages_mean, row.stall_ns, row.ksmd_cpu_ns]),
  );
  return JSON.stringify(values);
}

/** Whether a name is that of another with parameters, or its managed form. */
function isVariant(name: string, of: string): boolean {
  return name !== of && (name.startsWith(`${of}:`) || name === `${of}-managed`);
}

/** Names without those that are variants of others of them. */
export function parameterless(names: readonly string[]): string[] {
  return names.filter((name) => !names.some((other) => isVariant(name, other)));
}

/** Of names that are as good as each other: the shortest of those that are the same, without variants of others. */
function distinct(names: readonly string[], settings: readonly Setting[]): string[] {
  const shortest = new Map<string, string>();
  for (const name of names) {
    const key = signature(name, settings);
    const known = shortest.get(key);
    if (known === undefined || name.length < known.length) shortest.set(key, name);
  }
  return parameterless([...shortest.values()]);
}

/** The names that are in all lists. */
function inAll(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = lists;
  return first.filter((name) => others.every((list) => list.includes(name)));
}

/** The names that are in most lists, and in how many. */
function inMost(lists: readonly (readonly string[])[]): { names: string[]; best: number } {
  const counts = new Map<string, number>();
  for (const name of lists.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const best = Math.max(0, ...counts.values());
  return { names: [...counts].filter(([, count]) => count === best).map(([name]) => name), best };
}

/** A setting, and which policies are best there. */
interface Won {
  readonly setting: Setting;
  readonly names: readonly string[];
}

function choice(won: readonly Won[]): Choice {
  const lists = won.map(({ names }) => names);
  const common = inAll(lists);
  const { names, best } = common.length > 0 ? { names: common, best: won.length } : inMost(lists);
  const settings = won.map(({ setting }) => setting);
  return {
    traces: [...new Set(settings.map(({ trace }) => trace.label))],
    names,
    shown: distinct(names, settings),
    best,
    of: won.length,
  };
}

/** Traces in groups for which the same policies are best, where each has a policy that is best in all its settings. */
function byTrace(won: readonly Won[]): Choice[] {
  const groups = new Map<string, Won[]>();
  for (const trace of new Set(won.map(({ setting }) => setting.trace))) {
    const own = won.filter(({ setting }) => setting.trace === trace);
    const common = inAll(own.map(({ names }) => names));
    if (common.length === 0) return [];
    const key = common.join();
    groups.set(key, [...(groups.get(key) ?? []), ...own]);
  }
  return [...groups.values()].map(choice);
}

/** More groups of traces than this say less than what is best in most settings. */
const MOST_CHOICES = 3;

/**
 * Which policies to use: one choice where a policy is best in all settings; else one for each group of traces that have such a
 * policy, where these are few; else the policies that are best in most settings.
 *
 * @param price a class of cost made cheaper or dearer
 * @returns nothing where no policy saves anything
 */
export function choicesOf(contests: readonly Contest[], price?: Scaled): Choice[] {
  const won = contests
    .map((contest) => ({ setting: contest.setting, names: bestNames(contest, price) }))
    .filter(({ names }) => names.length > 0);
  if (won.length === 0) return [];
  if (inAll(won.map(({ names }) => names)).length > 0) return [choice(won)];
  const groups = byTrace(won);
  return groups.length > 0 && groups.length <= MOST_CHOICES ? groups : [choice(won)];
}
