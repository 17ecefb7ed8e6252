import type { Axis } from '../comparison.js';
import { costName, type Estimate, extraCost, savedPages } from '../estimate.js';
import { durationText, originText, type TraceFacts } from '../facts.js';
import { listed } from '../format.js';
import { rank } from '../front.js';
import { type Contender, rankedOf, type Setting } from '../selection.js';
import type { FigureData, Part } from './data.js';
import { bytesText, timeText } from './units.js';

/** The part of a caption that says which of several pictures this is. */
export function labelOf({ label }: Part): string {
  return label === '' ? '' : ` (${label})`;
}

/** The traces of a part that are not drawn, as a sentence; nothing where all are. */
export function notDrawn({ traces }: Part, drawn: readonly TraceFacts[], data: FigureData): string[] {
  const left = traces.filter(({ label }) => !drawn.some((trace) => trace.label === label));
  if (left.length === 0) return [];
  return [
    `Not drawn, as nothing differs there: ${left.map(({ label }) => data.traceName(label)).join(', ')}.`,
  ];
}

/** How many values the numbers of some settings are of: `5`, or `1 to 5`. */
export function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(most) : `${least} to ${most}`;
}

/** What a figure shows of the scatter of its numbers. */
export type Scatter = 'intervals' | 'none' | 'means' | 'ties' | 'first';

/** What a figure says of that, behind how many values there are. */
const SCATTER: Readonly<Record<Scatter, string>> = {
  intervals: '; bars are 95 % intervals of the difference',
  none: '; there are no intervals',
  means: '; numbers are means of these, without intervals',
  ties: '; a difference counts where its 95 % interval does not hold 0',
  first: '; curves are of the first replicate, numbers in this caption means of all',
};

/** What is to be said of the scatter of some estimates, as far as they are drawn with intervals. */
export function scatterOf(estimates: readonly Estimate[]): Scatter {
  return estimates.some(({ low }) => low !== undefined) ? 'intervals' : 'none';
}

/**
 * How sure the numbers are: draws and replicates, whose prices, and where the traces come from.
 *
 * @param scatter what the figure shows of it, where there are several values
 */
export function evidence(settings: readonly Setting[], data: FigureData, scatter: Scatter): string {
  const ranked = settings.flatMap(rankedOf);
  if (ranked.length === 0) return '';
  const draws = ranked.map(({ rows }) => rows[0]!.draws);
  const replicates = ranked.map(({ rows }) => rows.length);
  const several = Math.max(...replicates, ...(scatter === 'first' ? [] : draws)) > 1;
  const sure = several ? SCATTER[scatter] : scatter === 'first' ? '' : SCATTER.none;
  const traces = new Map(settings.map(({ trace }) => [trace.label, trace]));
  return `n = ${counted(range(draws), 'draw')} of device latency, ${counted(range(replicates), 'replicate')} of each trace${sure}. ${pricesOf(data)} ${originsOf([...traces.values()], data)}`;
}

const counted = (count: string, noun: string) => `${count} ${noun}${count === '1' ? '' : 's'}`;

/** Whose prices the stalls are made of. */
function pricesOf({ manifest: { costs } }: FigureData): string {
  if (costs.name === undefined) return `Prices: ${costs.file ?? 'the cost table that ships'}.`;
  // What follows the colon is how each row was measured.
  const host = costs.provenance === undefined ? '' : ` (${costs.provenance.split(/[:;]|\.\s/)[0]!})`;
  return `Prices: ${costs.name}${host}.`;
}

/** Where traces come from, how long they are and what they hold. */
function originsOf(traces: readonly TraceFacts[], data: FigureData): string {
  const texts = traces.map((trace) => {
    const size = bytesText(trace.peakPages * trace.pageBytes);
    return `${data.traceName(trace.label)} is ${originText(trace)}, ${durationText(trace)}${size}`;
  });
  return `${texts.join('; ')}.`;
}

/** Where something is the case, as messages have it. */
export function placeOf({ trace, limit }: Setting, data: FigureData): string {
  return `on ${data.traceName(trace.label)}, ${limit}`;
}

/** The difference that a policy makes, in words: `3 ms more stall`. */
export function moreText(value: number, text: (value: number) => string, noun: string): string {
  return `${text(Math.abs(value))} ${value < 0 ? 'less' : 'more'} ${noun}`;
}

/** What counts as cost of a policy where rows compare something, as a noun: `stall`. */
export function costNoun(axis: Axis): string {
  return costName(axis).replace('stalls', 'stall');
}

function extraStallText(one: Contender, reference: Contender, setting: Setting): string {
  return moreText(extraCost(one, reference, setting).mean, timeText, costNoun(setting.axis));
}

/**
 * What saves most under the first limit of each trace under which anything saves, and what that costs: the message of a figure in a sentence.
 *
 * @param costText what a policy costs more than what it is measured against, in words
 */
export function mostSaved(
  settings: readonly Setting[],
  data: FigureData,
  costText: (one: Contender, reference: Contender, setting: Setting) => string = extraStallText,
): string {
  const texts = new Map<string, string>();
  for (const setting of settings) {
    const { most, reference } = rank(setting);
    if (!reference || most.length === 0 || texts.has(setting.trace.label)) continue;
    const [one] = most as [Contender];
    const saved = bytesText(savedPages(one, reference).mean * setting.trace.pageBytes);
    const cost = costText(one, reference, setting);
    texts.set(
      setting.trace.label,
      `${placeOf(setting, data)}, by ${some(most.map(({ name }) => name))} (${saved} for ${cost})`,
    );
  }
  return texts.size === 0 ? 'No policy saves memory.' : `Most is saved ${listed([...texts.values()])}.`;
}

/** A policy with a number of its own. */
export interface Measure {
  readonly name: string;
  readonly value: number;
}

/** Which policies have most of something and which least, as `most with keep (12 MiB), least with remove (0 KiB)`. */
export function extremesText(all: readonly Measure[], text: (value: number) => string): string {
  const values = all.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const named = (end: number) =>
    some(all.filter(({ value }) => text(value) === text(end)).map(({ name }) => name));
  if (text(least) === text(most))
    return `${text(most)} with ${all.length > 2 ? 'all' : listed(all.map(({ name }) => name))}`;
  return `most with ${named(most)} (${text(most)}), least with ${named(least)} (${text(least)})`;
}

/** Names of policies, with the number of others where there are many. */
function some(names: readonly string[]): string {
  return names.length > 3 ? `${names[0]} and ${names.length - 1} that are equal` : listed(names);
}
