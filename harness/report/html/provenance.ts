import { counted } from '../../base/text.js';
import type { Manifest } from '../../metrics/manifest.js';
import { originText, traceFacts } from '../facts.js';
import { mib } from '../format.js';
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

/** What a trace is read or made from: a file that ships or was given, or a generator with the parameters that were set. */
function sourceOf({ source }: Manifest['traces'][number]): string {
  if (typeof source === 'string') return /[/.]/.test(source) ? `file ${source}` : 'shipped';
  const params = Object.entries(source.params).map(([name, value]) => `${name}=${value}`);
  return `generated: ${[source.workload, ...params].join(' ')}`;
}

/** What is known of the accesses of a trace, in a word or two. */
const ACCESSES = { recorded: 'exact', inferred: 'inferred', 'first-access': 'first only' } as const;

function traceRow(trace: Manifest['traces'][number]): Markup {
  const facts = traceFacts(trace);
  const seconds = facts.durationUs === undefined ? '' : Number((facts.durationUs / 1e6).toPrecision(3));
  return html`<tr><th scope="row">${trace.trace}</th><td class="wide">${originText(facts)}</td><td>${ACCESSES[trace.touches]}</td><td class="first">${seconds}</td><td class="first">${mib(facts.peakPages, facts.pageBytes)}</td><td class="first">${trace.events ?? ''}</td><td>${sourceOf(trace)}</td><td><code>${trace.trace_sha256}</code></td></tr>\n`;
}

function traceTable({ traces }: Manifest): Markup {
  const heads = [
    'trace',
    'origin',
    'accesses',
    'seconds',
    'peak MiB',
    'events',
    'from',
    'SHA-256 of the decoded content',
  ];
  return html`<h3>Traces</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Traces and their hashes">
<table class="plain">
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${traces.map(traceRow)}</tbody>
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
