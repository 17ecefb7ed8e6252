import { slug } from '../../base/text.js';
import { traceName } from '../comparison.js';
import type { FamilyTable, FamilyTables, TableBlock, TableCell } from '../family-table.js';
import { RANK_MEANINGS } from '../front.js';
import { tagsHtml } from './evidence.js';
import { type Content, html, type Markup } from './markup.js';

/** Marks as signs. */
export const RANK_SIGNS = { best: '★', tie: '=' } as const;

/** What the heads of columns mean. Source of the marks: `front.ts`. */
const MEANINGS: Readonly<Record<string, string>> = {
  'saved MiB': 'memory held less than under the base policy, mean over time',
  'extra ms': 'what is stalled beyond keep under the same limit; ± is half of its 95 % interval',
  'major /1000': 'page faults that waited for a device, per 1000 accesses',
  'stall ms': 'time that programs waited for the kernel, or to regenerate contents',
  'ksmd ms': 'CPU time of the kernel thread that merges pages',
  'regenerated MiB': 'contents that the program had to regenerate after a purge',
};

/** A head that sorts. Its place says which column it sorts. */
function sortHead(head: string, column: number, meaning: string | undefined): Markup {
  return html`<th scope="col" class="${column > 0 ? 'number' : 'names'}" aria-sort="none"><button type="button" class="sort" data-column="${column}"${
    meaning === undefined ? '' : html` title="${meaning}"`
  }>${head}</button></th>`;
}

function heads({ axis, limits, heads: figures }: FamilyTable): Markup {
  const words = figures.map((head) => head.replace('\n', ' '));
  const groups = limits.map((limit) => html`<th scope="colgroup" colspan="${words.length}">${limit}</th>`);
  const columns = limits.flatMap((_, at) =>
    figures.map((head, i) => sortHead(head, 1 + at * words.length + i, MEANINGS[words[i]!])),
  );
  return html`<thead>
<tr><td class="names"></td>${groups}</tr>
<tr>${sortHead(axis, 0, undefined)}${columns}</tr>
</thead>`;
}

function cell({ text, value, rank = '' }: TableCell, first: boolean): Markup {
  const mark =
    rank &&
    html`<span class="best" title="${rank}: ${RANK_MEANINGS[rank]}"><span aria-hidden="true">${RANK_SIGNS[rank]}</span><span class="hidden">${rank}</span></span>`;
  const classes = [first ? 'first' : '', value === undefined ? 'none' : ''].filter((name) => name !== '');
  return html`<td${classes.length > 0 && html` class="${classes.join(' ')}"`}${value === undefined ? '' : html` data-value="${value}"`}>${mark}${text}</td>`;
}

/** Names of policies as buttons that choose them, in charts too. */
function policyNames(names: readonly string[], policies: readonly string[]): Content {
  return names.map((name, i) => {
    const index = policies.indexOf(name);
    const comma = i < names.length - 1 ? ',' : '';
    const button = html`<button type="button" class="policy" data-choose="${index}" aria-pressed="false">${name}</button>`;
    return html`<span class="nowrap">${index < 0 ? name : button}${comma}</span> `;
  });
}

/** The lines of a trace, below a row that says which it is: numbers of different traces are not compared. */
function traceBody(
  { trace, first, lines }: TableBlock,
  { heads: figures, limits }: FamilyTable,
  policies: readonly string[],
): Markup {
  const rows = lines.map(({ names, cells }) => {
    const indices = names.map((policy) => policies.indexOf(policy)).filter((index) => index >= 0);
    return html`<tr data-policies="${indices.join(' ')}"><th scope="row" class="names">${policyNames(names, policies)}</th>${cells.map((one, at) => cell(one, at % figures.length === 0))}</tr>\n`;
  });
  return html`<tbody>
<tr class="trace"><th scope="rowgroup" colspan="${1 + figures.length * limits.length}"><span class="trace-name">${traceName(first)}</span>${tagsHtml(trace)}</th></tr>
${rows}</tbody>\n`;
}

/** The tables of a family; every column sorts. @param policies names that can be chosen, by index */
export function tablesHtml({ tables, leftOut }: FamilyTables, policies: readonly string[]): Markup {
  return html`${tables.map(
    (table) => html`<div class="scroll" role="region" aria-label="Table of ${table.title}">
<table class="numbers">
<caption><span class="stick">${table.title} <button type="button" class="csv" data-name="${slug(table.title)}">CSV</button></span></caption>
${heads(table)}
${table.traces.map((trace) => traceBody(trace, table, policies))}</table>
</div>\n`,
  )}${leftOut === '' ? '' : html`<p class="note">${leftOut}</p>\n`}`;
}
