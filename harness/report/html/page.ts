import { counted } from '../../base/text.js';
import type { RunRow } from '../../metrics/files.js';
import type { Axis, TraceFacts } from '../comparison.js';
import type { FigureData } from '../figures/data.js';
import { glanceOf } from '../glance.js';
import { verdictOf } from '../verdict.js';
import { warningsOf } from '../warnings.js';
import { chartModel } from './chart-data.js';
import { type Attachment, attachedFiles, downloadList } from './downloads.js';
import { glanceHtml } from './glance.js';
import { pageHead } from './head.js';
import { raw, styleSheet } from './inline.js';
import { glanceCss, policyCss } from './looks.js';
import { dataElement, html, type Markup } from './markup.js';
import type { ChartModel } from './model.js';
import { familiesOf, familySections, glossary, warningList } from './overview.js';
import { provenance } from './provenance.js';
import { clientScript } from './script.js';
import { verdictHtml } from './verdict.js';

/** What a chart shows and how to read it; its element is filled by the script. */
function chartSection(id: string, title: string, how: string): Markup {
  return html`<section id="${id}" class="chart" aria-labelledby="${id}-title">
<h3 id="${id}-title">${title}</h3>
<p class="how">${how}</p>
<div class="choice"></div>
<div class="panels"></div>
</section>\n`;
}

function charts({ costName, parts, spaces, heatMaps }: ChartModel): Markup {
  return html`<div id="filters"></div>
<div id="legend-place"></div>
<p id="empty" class="note" role="status"></p>
${chartSection('over-time', 'Memory over time', 'Lower is better. Each line is a policy; lines that coincide are named together. The grey area is above the limit.')}
${chartSection('tradeoff', `Saved against extra ${costName}`, 'Up and to the left is better: more memory saved, for less time beyond what the program waits with nothing given back under the same limit. Filled marks are best: nothing else saves as much for less, or more for as much; the dotted line joins them. Lines through a mark are 95 % intervals.')}
${parts.length > 0 && chartSection('stalls', 'What programs stall on', 'The time that programs waited, by its cause; policies whose bars are the same share one. Shorter is better. The line “own” is what the program waits by itself: with nothing given back, and no limit.')}
${spaces.length > 0 && chartSection('payers', 'Who pays', 'The same waiting time, or the memory held, by the process that pays it. Processes with the same name are added up; the smallest are “others”.')}
${
  heatMaps.length > 0 &&
  chartSection(
    'heat',
    'Touches by time and address',
    'Which memory was touched when: the stronger the colour, the more often (each step is a factor of ten). Addresses that are never touched are left out.',
  )
}`;
}

/** What is compared, by axis. */
const COMPARED: Readonly<Record<Axis, string>> = {
  discard: 'ways to give memory back',
  merge: 'ways to merge equal memory',
  'discard and merge': 'ways to give memory back and to merge it',
  purge: 'ways to purge what is given back',
  reclaim: 'ways to reclaim memory',
};

/** What was compared, on what. @param policies the names of all policies */
function titleOf(axis: Axis, policies: readonly string[], traces: readonly TraceFacts[]): string {
  const what =
    policies.length > 1 ? `${policies.length} ${COMPARED[axis]}, compared` : `${policies[0]} alone`;
  const on = traces.length === 1 ? traces[0]!.label : `${traces.length} traces`;
  return `${what} on ${on}`;
}

/** What the outcomes of cells are called. */
const OUTCOMES: Readonly<Record<RunRow['outcome'], string>> = {
  ok: 'ran',
  refused: 'not possible',
  killed: 'with killed spaces',
  oom: 'out of memory',
  timeout: 'out of time',
  failed: 'failed',
};

/** How many cells ended how. */
function outcomesOf(runs: readonly RunRow[]): string {
  const found = [...new Set(runs.map(({ outcome }) => outcome))];
  return found
    .map((outcome) => `${runs.filter((row) => row.outcome === outcome).length} ${OUTCOMES[outcome]}`)
    .join(', ');
}

/** Style sheets by subject, in the order in which later rules override earlier ones. */
const STYLES = ['page', 'tables', 'filters', 'charts', 'media', 'verdict'];

/** The rules of the page, and those of the looks of policies. */
function styleOf(policies: readonly string[]): string {
  return [styleSheet(STYLES), policyCss(policies), glanceCss()].join('');
}

/**
 * report.html: one file with all it needs, which loads nothing and runs nothing but its own script. The same results give
 * the same bytes.
 *
 * @param attachments files that readers can save from the page
 * @param leftOut why no specifications of figures are among them
 */
export function reportPage(data: FigureData, attachments: readonly Attachment[], leftOut?: string): string {
  const { manifest, traces } = data;
  const runs = data.rows('runs.csv');
  const { name, description } = manifest.experiment;
  const model = chartModel(data);
  const families = familiesOf(traces);
  const style = styleOf(model.policies);
  const script = clientScript();
  const title = titleOf(data.axis, model.policies, traces);
  const results = { runs, draws: data.draws, spaces: data.rows('spaces.csv'), traces };
  const seen = glanceOf(data.selection);
  const head = pageHead({
    title: `${title} (${name})`,
    style,
    script,
    version: manifest.program.version,
  });
  return html`${head}
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<div><p class="brand">reclaim-bench, experiment ${name}</p><h1>${title}</h1></div>
<button type="button" id="theme" hidden>Dark</button>
</header>
<nav aria-label="Parts of the report"><ul>
<li><a href="#verdict">Verdict</a></li><li><a href="#numbers">Numbers</a></li><li><a href="#charts">Charts</a></li><li><a href="#provenance">How it was made</a></li><li><a href="#downloads">Downloads</a></li>
</ul></nav>
<main id="main" tabindex="-1">
<p id="unknown" class="note" role="status"></p>
<section id="verdict">
<h2>Verdict</h2>
${verdictHtml(verdictOf(results))}</section>
${seen && html`<section id="glance">\n<h2>At a glance</h2>\n${glanceHtml(seen)}</section>\n`}<section id="about">
<h2>What was compared</h2>
${description !== '' && html`<p class="lead">${description}</p>\n`}<p>${counted(traces.length, 'trace')}, ${model.policies.length === 1 ? '1 policy' : `${model.policies.length} policies`}, ${counted(runs.length, 'cell')}: ${outcomesOf(runs)}.</p>
${glossary()}${warningList(warningsOf(runs, traces, manifest.cells.planned))}</section>
<section id="numbers">
<h2>Numbers</h2>
<p class="how">★ marks what is best: no other policy saves as much for less stalling, or more for as much. = marks what ties with it: as good within the scatter. Heads of columns sort the rows of each trace; a policy’s name marks it here and in all charts. Tab stops once in a table, arrow keys move in it.</p>
<a class="skip" href="#charts">Skip the tables</a>
<div id="find-place"></div>
${familySections(results, families, model.policies)}</section>
<section id="charts">
<h2>Charts</h2>
<noscript><p class="note">Charts need JavaScript; all else on this page does not.</p></noscript>
${charts(model)}</section>
<section id="provenance">
<h2>How it was made</h2>
${provenance(manifest)}</section>
<section id="downloads">
<h2>Downloads</h2>
<p class="how">The files of the results, inside this page: they are saved without a network.</p>
${downloadList(attachments, leftOut)}</section>
</main>
<div id="tip" aria-hidden="true" hidden></div>
<div id="said" class="hidden" role="status"></div>
${dataElement('model', model)}${attachedFiles(attachments)}${raw('script', script)}</body>
</html>
`.text;
}
