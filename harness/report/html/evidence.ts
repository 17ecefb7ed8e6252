import { originText, originWord, type TraceFacts } from '../facts.js';
import { html, type Markup } from './markup.js';
import type { Tag } from './model.js';

/** What accesses that were not all recorded mean for results. */
const ACCESSES: Readonly<Partial<Record<TraceFacts['touches'], Tag>>> = {
  inferred: { text: 'accesses inferred', title: 'and so are the faults among the stalls' },
  'first-access': {
    text: 'first accesses',
    title: 'only these were seen: under a limit, stalls lack the faults on what was reclaimed',
  },
};

/** Where a trace comes from, for what stands next to its name: nothing where all of it was recorded. */
export function tagsOf(facts: TraceFacts): Tag[] {
  const { origin, touches, sample = 1 } = facts;
  const accesses = ACCESSES[touches];
  const whole = origin?.whole === undefined || origin.whole === 'recorded' ? [] : [origin.whole];
  const sampled = {
    text: `sample of 1/${sample}`,
    title: 'a sample of the pages, of which the whole is estimated',
  };
  return [
    ...(sample > 1 ? [sampled] : []),
    ...whole.map((text) => ({ text, title: originText(facts) })),
    ...(accesses ? [accesses] : []),
    ...(whole.length === 0 && !accesses ? [{ text: originWord(facts), title: originText(facts) }] : []),
  ];
}

/** Tags as they stand next to a name. */
export function tagsHtml(facts: TraceFacts): Markup {
  return html`${tagsOf(facts).map(({ text, title }) => html` <span class="tag" title="${title}">${text}</span>`)}`;
}
