import type { RunRow, SpaceRow } from '../../metrics/files.js';
import type { Warning } from '../../metrics/warnings.js';
import type { TraceFacts } from '../comparison.js';
import { familyTables } from '../family-table.js';
import { findings } from '../findings.js';
import { html, type Markup } from './markup.js';
import { tablesHtml } from './tables.js';

/** Traces that share tables. */
interface Family {
  readonly id: string;
  readonly title: string;
  readonly members: readonly TraceFacts[];
}

/** The families of some traces, in their order; those without one come last, together. */
export function familiesOf(traces: readonly TraceFacts[]): Family[] {
  const names = [...new Set(traces.map(({ family }) => family))].sort(
    (a, b) => Number(a === undefined) - Number(b === undefined),
  );
  return names.map((name, i) => ({
    id: `family-${i + 1}`,
    title: name ?? (names.length > 1 ? 'other traces' : 'all traces'),
    members: traces.filter(({ family }) => family === name),
  }));
}

/** What results say about a family: sentences with a clause per trace. */
function verdict({ members }: Family, runs: readonly RunRow[], spaces: readonly SpaceRow[]): Markup[] {
  return findings({ runs, spaces, traces: members }, members).map(({ lead, clauses }) =>
    clauses.length === 0
      ? html`<p>${lead}</p>\n`
      : html`<p>${lead}</p>\n<ul>${clauses.map((clause) => html`<li>${clause}</li>`)}</ul>\n`,
  );
}

/** The verdicts in words, a box per family. */
export function verdicts(
  families: readonly Family[],
  runs: readonly RunRow[],
  spaces: readonly SpaceRow[],
): Markup {
  const boxes = families.map(
    (family) => html`<article class="box">
<h3 class="family"><a href="#${family.id}">${family.title}</a></h3>
${verdict(family, runs, spaces)}</article>\n`,
  );
  return html`<div class="boxes">${boxes}</div>\n`;
}

/** What a reader must know, each with advice. */
export function warningList(warnings: readonly Warning[]): Markup {
  if (warnings.length === 0) return html``;
  const items = warnings.map(({ what, advice }) => html`<li><strong>${what}</strong> ${advice}</li>\n`);
  return html`<h3>Before you quote a number</h3>\n<ul class="warnings">\n${items}</ul>\n`;
}

/** The tables, a heading per family. */
export function familySections(
  families: readonly Family[],
  runs: readonly RunRow[],
  policies: readonly string[],
): Markup {
  const sections = families.map(
    ({ id, title, members }) => html`<h3 id="${id}" class="family" tabindex="-1">${title}</h3>
${tablesHtml(familyTables(title, runs, members), policies)}`,
  );
  return html`${sections}`;
}

const WORDS: readonly (readonly [word: string, meaning: string])[] = [
  ['trace', 'what a program did with its memory over time: a recording, or generated'],
  [
    'policy',
    'how memory that is no longer needed is given back, such as MADV_REMOVE (remove), a punched hole (punch), or not at all (keep)',
  ],
  ['cell', 'one trace replayed under one policy and one limit, on a simulated Linux kernel'],
  [
    'limit',
    'the most memory that may be held, as a share of what the trace needs at its peak under keep; what does not fit goes to swap',
  ],
  [
    'saved',
    'memory held less than keep holds, as a mean over time: frames, swap and compressed pages together',
  ],
  ['stalled', 'time that programs waited for the kernel, or to regenerate contents'],
  ['major fault', 'an access that waited for a device'],
  [
    'best (★)',
    'on the Pareto front: no other policy saves as much for less stalling, or more for as much; differences too small to matter are ignored',
  ],
  ['refused', 'every call that should have given memory back failed, so the policy is not ranked there'],
  [
    'memory: as recorded, anon, shmem',
    'the kind of memory that is replayed: what the program had, private (anonymous), or shared',
  ],
];

/** What the words on the page mean. */
export function glossary(): Markup {
  const words = WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>\n`);
  return html`<details><summary>What the words mean</summary>\n<dl>\n${words}</dl>\n</details>\n`;
}
