/** Whether huge pages change what a verdict says: which policy is best on a trace, or what that saves. */
import { AXES } from '../metrics/axes.js';
import { bestNames, contestsOf } from './choice.js';
import { groupBy } from './comparison.js';
import { savedPages } from './estimate.js';
import { rangeText } from './format.js';
import { referenceOf } from './front.js';
import { rankedOf, type Setting } from './selection.js';

/** Two settings that differ in huge pages alone, and what is best in each. */
export interface HugePages {
  /** The label of the trace. */
  readonly trace: string;
  readonly limit: string;
  /** What else tells the settings from others of the trace. */
  readonly labels: readonly string[];
  /** The first setting of huge pages of the trace, and the one that is compared with it. */
  readonly usual: string;
  readonly thp: string;
  /** What is best with each; empty where no policy clearly saves anything. */
  readonly usualBest: readonly string[];
  readonly best: readonly string[];
  /** A policy that is best with the first setting, or where none is, with the other. Undefined where none is with either. */
  readonly policy: string | undefined;
  /** What it saves with each setting, in bytes; undefined where it or `keep` has no result. */
  readonly usualSavedBytes: number | undefined;
  readonly savedBytes: number | undefined;
  /** Whether another policy is best, or its saving differs. */
  readonly changes: boolean;
}

const MIB = 1024 * 1024;
/** Savings differ where one is at most this share of the other: less than that is not another answer. */
const ANOTHER_SAVING = 0.9;

const thpOf = ({ first }: Pick<Setting, 'first'>): string => first[AXES.thp.column];

/** The settings that have the first value of huge pages of their trace: on these a verdict rests. */
export function usualSettings(settings: readonly Setting[]): Setting[] {
  const first = new Map<string, string>();
  for (const setting of settings)
    if (!first.has(setting.trace.label)) first.set(setting.trace.label, thpOf(setting));
  return settings.filter((setting) => first.get(setting.trace.label) === thpOf(setting));
}

/** What a policy saves in a setting, in bytes. */
function savedIn(setting: Setting, name: string): number | undefined {
  const one = rankedOf(setting).find((each) => each.name === name);
  const reference = referenceOf(setting);
  return one && reference && savedPages(one, reference).mean * setting.trace.pageBytes;
}

/** Whether the smaller of two savings is clearly less than the larger. */
function differ(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return a !== b;
  return Math.abs(a - b) > (1 - ANOTHER_SAVING) * Math.max(Math.abs(a), Math.abs(b));
}

function bestIn(setting: Setting): string[] {
  return contestsOf([setting]).flatMap((contest) => bestNames(contest));
}

function against(usual: Setting, other: Setting): HugePages {
  const [usualBest, best] = [bestIn(usual), bestIn(other)];
  const policy = usualBest[0] ?? best[0];
  const [usualSavedBytes, savedBytes] = [usual, other].map((setting) =>
    policy === undefined || setting.axis === 'reclaim' ? undefined : savedIn(setting, policy),
  );
  const another = usualBest.length + best.length > 0 && !usualBest.some((name) => best.includes(name));
  return {
    trace: usual.trace.label,
    limit: usual.limit,
    labels: otherLabels(usual),
    usual: thpOf(usual),
    thp: thpOf(other),
    usualBest,
    best,
    policy,
    usualSavedBytes,
    savedBytes,
    changes: another || differ(usualSavedBytes, savedBytes),
  };
}

/** What tells a setting from others of its trace besides huge pages and the limit. */
function otherLabels({ first, labels }: Setting): string[] {
  return labels.filter((label) => label !== `thp ${thpOf({ first })}`);
}

/** Each setting against the one that differs from it in huge pages alone, and has the first value of these. */
export function hugePagesIn(settings: readonly Setting[]): HugePages[] {
  const keyed = settings.map((setting) => {
    const { trace, first, limit } = setting;
    return { setting, key: JSON.stringify([trace.label, first.backing, limit, otherLabels(setting)]) };
  });
  return groupBy(keyed, ['key']).flatMap(([usual, ...others]) =>
    others.map(({ setting }) => against(usual!.setting, setting)),
  );
}

/** Whether what was best is not best any more. */
function isBeaten({ policy, best }: HugePages): boolean {
  return policy !== undefined && !best.includes(policy);
}

/** What a policy does with other huge pages, and what without them. @param on where that is */
function savingText({ usual, policy, best, usualSavedBytes, savedBytes }: HugePages, on: string): string {
  const mib = (bytes: number) => rangeText({ low: bytes, high: bytes }, MIB);
  if (savedBytes !== undefined && usualSavedBytes !== undefined)
    return savedBytes < 0
      ? `${policy} costs ${mib(-savedBytes)} MiB ${on}`
      : `${policy} saves ${mib(savedBytes)}, not ${mib(usualSavedBytes)} MiB ${on}`;
  if (savedBytes !== undefined)
    return `${policy} saves ${mib(savedBytes)} MiB ${on}; it has no result with ${usual}`;
  if (usualSavedBytes !== undefined)
    return `${policy} has no result ${on}; it saves ${mib(usualSavedBytes)} MiB with ${usual}`;
  return `${best[0] ?? 'no policy'} is best, not ${policy}, ${on}`;
}

function changeText(one: HugePages): string {
  const { trace, limit, labels, thp, best, savedBytes } = one;
  const places = [...(limit === 'no limit' ? [] : [limit]), ...labels];
  const on = `on ${trace}${places.length > 0 ? ` (${places.join(', ')})` : ''}`;
  // Where it saves nothing any more, that is the answer.
  const instead = isBeaten(one) && best.length > 0 && savedBytes !== undefined && savedBytes > 0;
  return `With thp ${thp} ${savingText(one, on)}${instead ? `; ${best[0]} saves most` : ''}`;
}

/**
 * Where huge pages change the answer, a sentence without a full stop for each setting: those first where another policy is
 * best. Or that they change nothing; nothing where they were not compared.
 */
export function hugePagesTexts(all: readonly HugePages[]): string[] {
  if (all.length === 0) return [];
  const changed = all.filter(({ changes }) => changes);
  if (changed.length === 0) return ['Huge pages change neither what is best nor what it saves'];
  return [...changed.filter(isBeaten), ...changed.filter((one) => !isBeaten(one))].map(changeText);
}
