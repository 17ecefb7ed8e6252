import { counted } from '../../base/text.js';
import type { Manifest } from '../../metrics/manifest.js';
import { html, type Markup } from './markup.js';

/** Reasons why cells did not end, with how often. */
function reasons({ not_ok: cells }: Manifest): Markup {
  const counts = new Map<string, number>();
  for (const { outcome, reason } of cells) {
    const text = reason === undefined ? outcome : `${outcome}: ${reason}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  if (counts.size === 0) return html``;
  const items = [...counts].map(([text, count]) => html`<li>${counted(count, 'cell')} ${text}</li>\n`);
  return html`<h3>Cells without a result</h3>\n<ul>\n${items}</ul>\n`;
}

/** Where a trace comes from: a file that ships or was given, or a generator with the parameters that were set. */
function sourceOf({ source }: Manifest['traces'][number]): string {
  if (typeof source === 'string') return `file ${source}`;
  const params = Object.entries(source.params).map(([name, value]) => `${name}=${value}`);
  return `generated: ${[source.workload, ...params].join(' ')}`;
}

/** What is known of the accesses of a trace, in a word or two. */
const ACCESSES = { recorded: 'exact', inferred: 'inferred', 'first-access': 'first only' } as const;

function traceTable({ traces }: Manifest): Markup {
  const rows = traces.map(
    (trace) =>
      html`<tr><th scope="row">${trace.trace}</th><td>${sourceOf(trace)}</td><td class="first">${trace.events ?? ''}</td><td class="first">${trace.peak_pages}</td><td>${ACCESSES[trace.touches]}</td><td><code>${trace.trace_sha256}</code></td></tr>\n`,
  );
  return html`<h3>Traces</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Traces and their hashes">
<table class="plain">
<thead><tr><th scope="col">trace</th><th scope="col">from</th><th scope="col">events</th><th scope="col">peak pages</th><th scope="col">accesses</th><th scope="col">SHA-256 of the decoded content</th></tr></thead>
<tbody>
${rows}</tbody>
</table>
</div>
`;
}

/** Where the numbers come from: program, command, host, traces, and what did not end. */
export function provenance(manifest: Manifest): Markup {
  const { program, command, host, seed, draws, experiment, costs } = manifest;
  const facts: readonly (readonly [string, string])[] = [
    ['program', `${program.name} ${program.version}`],
    ['commit', program.commit ?? 'not from a checkout'],
    ['command', command ?? ''],
    ['experiment', experiment.name],
    ['costs', `${costs.file ?? 'as shipped'}, sha256 ${costs.sha256}`],
    ['costs as shipped', costs.from_default?.join(', ') ?? ''],
    ['seed', seed.join(', ')],
    ['draws of device latency', String(draws)],
    ...Object.entries(host).map(([name, value]) => [name, String(value)] as const),
  ];
  const rows = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>\n`);
  return html`<dl class="facts">\n${rows}</dl>
<p class="note">All numbers but wall times (perf.csv) are the same on any host.</p>
${traceTable(manifest)}${reasons(manifest)}`;
}
