import { sideText } from '../../gate/formats/words.js';
import { VERSION } from '../../metrics/host.js';
import { pageHead } from '../../report/html/head.js';
import { styleSheet } from '../../report/html/inline.js';
import { html as element, type Markup } from '../../report/html/markup.js';
import { equalMetrics, type MetricRows, metricRows, type Row } from '../choice.js';
import type { Diff } from '../diff.js';
import {
  aroundLines,
  changeText,
  geometricText,
  hiddenText,
  metricTitle,
  standingText,
  summaryLine,
  valueText,
} from '../words.js';
import type { Format } from './format.js';

function rowHtml(row: Row): Markup {
  const { cell, change } = row;
  const value = (side: number) => valueText(side, change.metric, cell.pageBytes);
  return element`<tr><th scope="row">${cell.label}</th><td>${value(change.a)}</td><td>${value(change.b)}</td><td>${changeText(row)}</td><td class="${change.standing}">${standingText(change.standing)}</td></tr>
`;
}

function metricHtml(diff: Diff, table: MetricRows): Markup {
  const { metric, rows, hidden } = table;
  const below = [hiddenText(hidden), geometricText(diff, table) ?? ''].filter((text) => text !== '');
  return element`<section aria-labelledby="${metric.name}">
<h2 id="${metric.name}">${metric.name}</h2>
<div class="scroll" role="region" aria-label="Table of ${metric.name}" tabindex="0">
<table class="diff">
<caption>${metricTitle(metric)}</caption>
<thead><tr><th scope="col">cell</th><th scope="col">A</th><th scope="col">B</th><th scope="col">change</th><th scope="col">B is</th></tr></thead>
<tbody>
${rows.map(rowHtml)}</tbody>
</table>
</div>
${below.length > 0 && element`<p class="note">${below.join('; ')}</p>\n`}</section>
`;
}

function aroundHtml(diff: Diff): Markup {
  const lines = aroundLines(diff);
  if (lines.length === 0) return element``;
  return element`<ul class="warnings">\n${lines.map((line) => element`<li>${line}</li>\n`)}</ul>\n`;
}

/** A page like report.html, of two results. The same results give the same bytes; it loads and runs nothing. */
export const html: Format = {
  name: 'html',
  file: 'diff.html',
  text(diff, choice) {
    const style = styleSheet(['page', 'tables', 'media', 'diff']);
    const equal = equalMetrics(diff, choice);
    const title = 'Two results, cell by cell';
    return element`${pageHead({ title, style, version: VERSION })}
<body>
<header>
<div><p class="brand">reclaim-bench, diff</p><h1>${title}</h1></div>
</header>
<main>
<p class="lead">${summaryLine(diff, choice)}.</p>
<dl><dt>A</dt><dd>${sideText(diff.a)}</dd><dt>B</dt><dd>${sideText(diff.b)}</dd></dl>
${aroundHtml(diff)}<p class="how">± is half of the 95 % interval over draws or replicates; ~ cannot be told, as they disagree.</p>
${metricRows(diff, choice).map((table) => metricHtml(diff, table))}${equal.length > 0 && element`<p class="note">No difference in ${equal.join(', ')}.</p>\n`}</main>
</body>
</html>
`.text;
  },
};
