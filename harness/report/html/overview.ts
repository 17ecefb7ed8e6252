import type { Warning } from '../../metrics/warnings.js';
import type { TraceFacts } from '../comparison.js';
import { familyTables } from '../family-table.js';
import { findings } from '../findings.js';
import type { Results } from '../text.js';
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

/** What a reader must know, each with advice. */
export function warningList(warnings: readonly Warning[]): Markup {
  if (warnings.length === 0) return html``;
  const items = warnings.map(({ what, advice }) => html`<li><strong>${what}</strong> ${advice}</li>\n`);
  return html`<h3>Before you quote a number</h3>\n<ul class="warnings">\n${items}</ul>\n`;
}

/** What results say about a family: sentences with a clause per trace. */
function sentences(results: Results, { title, members }: Family): Markup {
  const found = findings(results, members).map(({ lead, clauses }) =>
    clauses.length === 0
      ? html`<li>${lead}</li>\n`
      : html`<li>${lead}\n<ul>${clauses.map((clause) => html`<li>${clause}</li>`)}</ul></li>\n`,
  );
  return html`${found.length > 0 && html`<h4>What the tables of ${title} show</h4>\n<ul class="findings">\n${found}</ul>\n`}`;
}

/** The tables and what they show, a heading per family. @param policies names that can be chosen, by index */
export function familySections(
  results: Results,
  families: readonly Family[],
  policies: readonly string[],
): Markup {
  const sections = families.map((family) => {
    const { id, title, members } = family;
    const tables = familyTables(title, results.runs, members, results.draws);
    return html`<h3 id="${id}" class="family" tabindex="-1">${title}</h3>
${tablesHtml(tables, policies)}${sentences(results, family)}`;
  });
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
  [
    'extra',
    'what a policy adds to the stalls of keep under the same limit; ± is half of the 95 % interval over draws of device latency, or over replicates of a generated workload',
  ],
  ['own', 'what the program stalls by itself: with nothing given back, and no limit'],
  ['major fault', 'an access that waited for a device'],
  ['file read', 'a call that read a file, and waited for a device: not a fault'],
  [
    'composed, inferred, synthetic, first accesses',
    'what a trace is where it is not all recorded: put together of recordings, completed by inference, generated, or with only the accesses that faulted',
  ],
  [
    'best (★)',
    'on the Pareto front: no other policy saves as much for less stalling, or more for as much; differences too small to matter are ignored',
  ],
  [
    'tie (=)',
    'as good as a best one: the 95 % interval of the difference holds 0, or single draws or replicates do not agree which is ahead, or the difference is below what counts (1 % of stalls, 0.5 % of savings)',
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
