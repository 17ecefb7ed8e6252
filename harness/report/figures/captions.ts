import { costOf, extraCost, savedPages } from '../estimate.js';
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
function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(most) : `${least} to ${most}`;
}

/** How sure the numbers are: draws and replicates, whose prices, and where the traces come from. */
export function evidence(settings: readonly Setting[], data: FigureData): string {
  const ranked = settings.flatMap((setting) => rankedOf(setting).map((one) => [setting, one] as const));
  if (ranked.length === 0) return '';
  const draws = range(ranked.map(([, { rows }]) => rows[0]!.draws));
  const replicates = range(ranked.map(([, { rows }]) => rows.length));
  const several = ranked.some(([setting, one]) => costOf(one, setting).n > 1);
  const sure = several ? '; bars are 95 % intervals of the difference' : ': there are no intervals';
  const traces = new Map(settings.map(({ trace }) => [trace.label, trace]));
  return `n = ${counted(draws, 'draw')} of device latency, ${counted(replicates, 'replicate')} of each trace${sure}. ${pricesOf(data)} ${originsOf([...traces.values()], data)}`;
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

/** What saves most under the first limit of each trace, and what that costs: the message of a figure in a sentence. */
export function mostSaved(settings: readonly Setting[], data: FigureData): string {
  const first = new Map<string, Setting>();
  for (const setting of settings)
    if (!first.has(setting.trace.label)) first.set(setting.trace.label, setting);
  const texts = [...first.values()].flatMap((setting) => {
    const { most, reference } = rank(setting);
    if (!reference || most.length === 0) return [];
    const [one] = most as [Contender];
    const saved = bytesText(savedPages(one, reference).mean * setting.trace.pageBytes);
    const extra = extraCost(one, reference, setting).mean;
    const cost = `${timeText(Math.abs(extra))} ${extra < 0 ? 'less' : 'more'} stall`;
    return [
      `on ${data.traceName(setting.trace.label)}, ${setting.limit}, by ${some(most)} (${saved} for ${cost})`,
    ];
  });
  return texts.length === 0 ? 'No policy saves memory.' : `Most is saved ${listed(texts)}.`;
}

/** Names of policies, with the number of others where there are many. */
function some(all: readonly Contender[]): string {
  const names = all.map(({ name }) => name);
  return names.length > 3 ? `${names[0]} and ${names.length - 1} that are equal` : listed(names);
}
