import { type Axis, baseName } from '../comparison.js';
import { costName } from '../estimate.js';
import { rangeText } from '../format.js';
import type { Verdict } from '../verdict.js';
import { type Line, verdictRows } from '../verdict-lines.js';
import { verdictClauses } from '../verdict-text.js';
import { html, type Markup } from './markup.js';

const MIB = 1024 * 1024;

/** What a choice saves and costs. */
function numbersHtml({ numbers }: Line, axis: Axis): Markup {
  if (!numbers) return html``;
  const { savedBytes, extraNsPerMib, extraOfRun } = numbers;
  const saved = savedBytes && html`saves <b>${rangeText(savedBytes, MIB)} MiB</b>`;
  const share = extraOfRun && html`<b>${rangeText(extraOfRun, 0.01, true)} %</b> of the run`;
  const each =
    extraNsPerMib &&
    html`<b>${rangeText(extraNsPerMib, 1e6, true)} ms</b> of ${costName(axis)} a MiB${share && html` (${share})`}`;
  const cost = each ?? (share && html`${share} in ${costName(axis)}`);
  return html`<p class="cost">${saved}${saved && cost && ' for '}${cost}</p>`;
}

function lineHtml(line: Line, axis: Axis): Markup {
  const { kind, families, use } = line;
  const word = kind === 'shared' || kind === 'private' ? html`<span class="kind">${kind}</span> ` : '';
  return html`<li><p class="for">${word}${families.join(', ')}</p><p class="use">${use}</p>${numbersHtml(line, axis)}</li>\n`;
}

/** What to use, for each kind of memory and family; then what not, and on what that rests. */
export function verdictHtml(verdict: Verdict): Markup {
  const clauses = verdictClauses(verdict).map(({ text }) => html`<li>${text}.</li>\n`);
  return html`<p class="note">What to use for each kind of memory and family; costs are against ${verdict.base ?? `nothing: there is no ${baseName(verdict.axis)}`}.</p>
<ul class="verdict">
${verdictRows(verdict).map((line) => lineHtml(line, verdict.axis))}</ul>
<ul class="clauses">
${clauses}</ul>
`;
}
