import { rangeText } from '../format.js';
import type { Verdict } from '../verdict.js';
import { type Line, verdictRows } from '../verdict-lines.js';
import { verdictClauses } from '../verdict-text.js';
import { html, type Markup } from './markup.js';

const MIB = 1024 * 1024;

/** What a choice saves and costs. */
function numbersHtml({ numbers }: Line): Markup {
  if (!numbers) return html``;
  const { savedBytes, extraNsPerMib, extraOfRun } = numbers;
  const parts = [
    ...(savedBytes ? [html`saves <b>${rangeText(savedBytes, MIB)} MiB</b>`] : []),
    ...(extraNsPerMib ? [html`<b>${rangeText(extraNsPerMib, 1e6, true)} ms/MiB</b>`] : []),
    ...(extraOfRun ? [html`<b>${rangeText(extraOfRun, 0.01, true)} %</b> of the run`] : []),
  ];
  return html`<p class="cost">${parts.map((part, i) => html`${i > 0 && ', '}${part}`)}</p>`;
}

function lineHtml(line: Line): Markup {
  const { kind, families, use } = line;
  const word = kind === 'shared' || kind === 'private' ? html`<span class="kind">${kind}</span> ` : '';
  return html`<li><p class="for">${word}${families.join(', ')}</p><p class="use">${use}</p>${numbersHtml(line)}</li>\n`;
}

/** A clause as a sentence. */
function sentence(clause: string): string {
  return `${clause[0]!.toUpperCase()}${clause.slice(1)}.`;
}

/** What to use, for each kind of memory and family; then what not, and on what that rests. */
export function verdictHtml(verdict: Verdict): Markup {
  const clauses = verdictClauses(verdict).map((clause) => html`<li>${sentence(clause)}</li>\n`);
  return html`<ul class="verdict">
${verdictRows(verdict).map(lineHtml)}</ul>
<ul class="clauses">
${clauses}</ul>
`;
}
