/** Sentences on what the cells of some traces show. All of them are of the selection, the ranking and the verdict. */
import type { Touches } from '../base/touches.js';
import type { SpaceRow } from '../metrics/files.js';
import { atOnceText } from './at-once.js';
import { parameterless } from './choice.js';
import { isShort, type TraceFacts, traceName } from './comparison.js';
import { costName, costOf, costOrder, extraCost, heldPages, savedPages } from './estimate.js';
import { listed, mib, ms, numberIn, percent, short, withScatter } from './format.js';
import { type Ranking, rank } from './front.js';
import { hugePagesTexts } from './huge-pages.js';
import { lazyText, notToUse, outOfMemoryText } from './not-to-use.js';
import { payersOf } from './payers.js';
import { baseOf, type Contender, rankedOf, type Selectable, type Setting, select } from './selection.js';
import { type Flip, flips } from './sensitivity.js';
import { verdictOf } from './verdict.js';

/** A sentence: how it begins, and a clause per trace. */
export interface Finding {
  readonly lead: string;
  readonly clauses: readonly string[];
}

/** A finding as one sentence. */
export function findingText({ lead, clauses }: Finding): string {
  return clauses.length === 0 ? lead : `${lead} ${clauses.join('; ')}.`;
}

/** A setting in which there is something to compare with. */
interface Found {
  readonly setting: Setting;
  readonly name: string;
  readonly base: Contender;
  readonly ranking: Ranking;
}

function foundIn(settings: readonly Setting[]): Found[] {
  return settings.flatMap((setting) => {
    const base = baseOf(setting);
    if (!base || setting.contenders.length < 2) return [];
    const name = [traceName(setting.first), ...setting.labels].join(', ');
    return [{ setting, name, base, ranking: rank(setting) }];
  });
}

function names(contenders: readonly Contender[]): string {
  return listed(contenders.map(({ name }) => name));
}

/** Said of several policies that are as good as each other. */
function tieWord(contenders: readonly Contender[]): string {
  return contenders.length > 1 ? ', a tie' : '';
}

/** Which policies save most under the loosest limit, a clause per trace, and what that costs. */
function savingSentence(found: readonly Found[]): Finding {
  const [{ setting: first }] = found as [Found];
  const clauses = found
    .filter(({ setting }) => setting.limit === first.limit)
    .map(({ setting, name, base, ranking: { most } }) => {
      const [one] = most;
      if (!one) return `${name}: no policy saves any`;
      const { pageBytes } = setting.trace;
      const saved = savedPages(one, base);
      const extra = extraCost(one, base, setting);
      const each = extra.mean / 1e6 / ((saved.mean * pageBytes) / 1024 ** 2);
      return `${name}: ${names(most)}${tieWord(most)} (${mib(saved.mean, pageBytes)} MiB, ${percent(saved.mean, heldPages(base).mean)} of what ${base.name} holds, for ${withScatter(extra, ms)} ms of ${costName(setting.axis)}, ${short(each)} ms a MiB)`;
    });
  return { lead: `Most memory saved, ${first.limit}:`, clauses };
}

/** The name that pays most of the stalls of a policy, where several do. */
function payer({ rows }: Contender, spaces: readonly SpaceRow[]): string {
  const [most, ...others] = payersOf(spaces.filter(({ cell }) => cell === rows[0]!.cell));
  if (!most || others.length === 0 || most.stallNs === 0) return '';
  return `, ${percent(most.share, 1)} of it paid by ${most.name}`;
}

/** Which policies cost least under the tightest limit, and who pays, a clause per trace. */
function stallSentence(found: readonly Found[], spaces: readonly SpaceRow[]): Finding {
  const tightest = found.at(-1)!.setting.limit;
  const clauses = found
    .filter(({ setting }) => setting.limit === tightest)
    .map(({ setting, name, base, ranking: { cheapest, tied } }) => {
      const [first] = cheapest as [Contender];
      const cost = ms(costOf(first, setting).mean);
      const equal = cheapest.includes(base) || costOrder([first, base], setting.axis).sign(first, base) === 0;
      const ahead = tied.filter((one) => costOf(one, setting).mean < costOf(first, setting).mean);
      const ties = ahead.map((one) => `, a tie with ${one.name}, ${ms(costOf(one, setting).mean)} ms`);
      const against = equal
        ? `, as with ${base.name}`
        : ` against ${ms(costOf(base, setting).mean)} with ${base.name}`;
      return `${name}: ${names(cheapest)}${tieWord(cheapest)} (${cost} ms${against}${ties.join('')}${payer(first, spaces)})`;
    });
  return { lead: `Least ${costName(found[0]!.setting.axis)}, ${tightest}:`, clauses };
}

/** What programs stall anyway: with the base, where memory is not short. */
function ownSentence(found: readonly Found[]): Finding[] {
  const free = found.filter(({ setting }) => !isShort(setting.first));
  if (free.length === 0) return [];
  const clauses = free.map(({ setting, name, base }) => `${name} ${ms(costOf(base, setting).mean)} ms`);
  return [{ lead: `What programs stall anyway (${free[0]!.base.name}, no limit):`, clauses }];
}

function flipText({ name, setting }: Found, { part, factor, entered, left }: Flip): string {
  const gains = `${names(entered)} ${entered.length > 1 ? 'gain' : 'gains'} the mark`;
  const loses = `${names(left)} ${left.length > 1 ? 'lose' : 'loses'} ${entered.length > 0 ? 'it' : 'the mark'}`;
  const changes = [...(entered.length > 0 ? [gains] : []), ...(left.length > 0 ? [loses] : [])];
  return `${name}, ${setting.limit}: with ${part} \u00d7 ${factor} ${changes.join(' and ')}`;
}

/** Examples of marks that a price decides. */
const MOST_FLIPS = 3;

/** Whether the marks in the table depend on the price of one class of cost. */
function sensitivitySentence(found: readonly Found[]): Finding {
  const all = found.map((one) => ({ one, flips: flips(one.setting) }));
  const changed = all.filter((each) => each.flips.length > 0);
  const stable = 'Halving or doubling any one class of cost';
  if (changed.length === 0) return { lead: `${stable} changes no mark.`, clauses: [] };
  return {
    lead: `${stable} changes the marks of ${changed.length} of ${found.length} columns, for example`,
    clauses: changed.slice(0, MOST_FLIPS).map((each) => flipText(each.one, each.flips[0]!)),
  };
}

/** What a policy held and faulted in each setting; undefined where it did not save in any. */
function memorySignature(name: string, found: readonly Found[]): string | undefined {
  const rows = found.flatMap(({ setting }) => rankedOf(setting).find((one) => one.name === name)?.rows ?? []);
  if (!rows.some((row) => numberIn(row, 'saved_pages_mean') > 0)) return undefined;
  return JSON.stringify(
    rows.map((row) => [
      row.footprint_pages_mean,
      row.resident_pages_mean,
      row.resident_pages_peak,
      row.pgfault,
      row.pgmajfault,
    ]),
  );
}

/** What a call of a policy costs on average, in µs. */
function callUs(name: string, found: readonly Found[]): number | undefined {
  const rows = found.flatMap(({ setting }) => rankedOf(setting).find((one) => one.name === name)?.rows ?? []);
  const calls = rows.reduce((sum, row) => sum + numberIn(row, 'discard_calls'), 0);
  const stall = rows.reduce((sum, row) => sum + numberIn(row, 'stall_discard_ns'), 0);
  return calls === 0 ? undefined : stall / calls / 1000;
}

/** Policies that hold exactly the same memory in every setting, and differ in what a call costs. */
function equalSentences(found: readonly Found[]): Finding[] {
  const policies = [...new Set(found.flatMap(({ setting }) => rankedOf(setting).map(({ name }) => name)))];
  const groups = new Map<string, string[]>();
  for (const name of policies) {
    const key = memorySignature(name, found);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()].flatMap((group) => {
    const shown = parameterless(group);
    const costs = shown.flatMap((name) => callUs(name, found)?.toFixed(1) ?? []);
    if (shown.length < 2 || costs.length < shown.length) return [];
    const lead = `${listed(shown)} hold exactly the same memory; they differ only in what a call costs: ${listed(costs)} \u00b5s on average.`;
    return [{ lead, clauses: [] }];
  });
}

/** What accesses that were not all recorded mean for results. */
const NOT_RECORDED: Readonly<Record<Exclude<Touches, 'recorded'>, string>> = {
  inferred:
    'are inferred, and so are the faults among the stalls: rely first on memory and on the cost of calls.',
  'first-access':
    'are first accesses only: what reclaim takes is not asked for again, so faults under a limit are not counted, and stalls are the least that they can be.',
};

/** What is known of accesses, for each way in which they were not all recorded. */
function accessSentences(traces: readonly TraceFacts[]): Finding[] {
  return (['inferred', 'first-access'] as const).flatMap((known) => {
    const labels = traces.filter(({ touches }) => touches === known).map(({ label }) => label);
    return labels.length === 0
      ? []
      : [{ lead: `The accesses of ${listed(labels)} ${NOT_RECORDED[known]}`, clauses: [] }];
  });
}

/** What policies did that are of no use somewhere, and where memory ran out. */
function outcomeSentences(results: Selectable): Finding[] {
  const { parts } = verdictOf(results);
  const sentences = [
    ...notToUse(parts),
    ...lazyText(parts),
    ...outOfMemoryText(parts),
    ...atOnceText(parts.flatMap(({ atOnce }) => atOnce)),
    ...hugePagesTexts(parts.flatMap(({ hugePages }) => hugePages)),
  ];
  return sentences.map((text) => ({ lead: `${text}.`, clauses: [] }));
}

/**
 * Sentences on what the rows of some traces show: what saves most, what costs least and who pays, what programs stall anyway,
 * whether that depends on a price, which policies are equal, of no use or refused, and where memory ran out.
 *
 * @param members the traces
 */
export function findings(
  results: Selectable & { readonly spaces: readonly SpaceRow[] },
  members: readonly TraceFacts[],
): Finding[] {
  const own = { ...results, traces: members };
  const { settings } = select(own);
  if (settings.length === 0) return [];
  const found = foundIn(settings);
  return [
    ...(found.length > 0
      ? [
          savingSentence(found),
          stallSentence(found, results.spaces),
          ...ownSentence(found),
          sensitivitySentence(found),
          ...equalSentences(found),
        ]
      : []),
    ...outcomeSentences(own),
    ...accessSentences(members.filter(({ label }) => settings.some(({ trace }) => trace.label === label))),
  ];
}
