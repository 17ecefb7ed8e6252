import { traceName } from '../comparison.js';
import { bytesText } from '../figures/units.js';
import { ms } from '../format.js';
import {
  type Effect,
  type Glance,
  type GlanceField,
  type GlanceLine,
  type GlanceRow,
  leftOutText,
  type Stalls,
} from '../glance.js';
import { type AreaStyle, GLANCE_STYLES, type Hatch, REFUSED_STYLE } from '../style.js';
import { tagsHtml } from './evidence.js';
import { html, type Markup } from './markup.js';
import { RANK_SIGNS } from './tables.js';

const WIDTH = 64;
const HEIGHT = 9;
/** Width of a bar of the key. */
const SAMPLE = 20;
/** A bar of nothing is this long: its colour says what it costs. */
const STUB = 3;
/** Distance of the lines of a hatched bar. */
const HATCH = 4;

const KIND_NAMES = { shared: 'Shared memory', private: 'Private memory', any: 'Memory', no: '' } as const;

/** What the colours of bars mean, against the base. */
const STALL_NAMES: Readonly<Record<Stalls, string>> = {
  less: 'stalls less',
  same: 'stalls as much',
  little: 'stalls more, by less than 1 % of the run',
  some: 'stalls more, by 1 to 10 % of the run',
  much: 'stalls more, by over 10 % of the run',
};

/** The lines in a hatched bar, as a path. */
function hatchPath(hatch: Hatch, width: number): string {
  const starts = Array.from({ length: Math.ceil(width / HATCH) + 2 }, (_, i) => (i - 2) * HATCH);
  const rising = starts.map((x) => `M${x},${HEIGHT}l${HEIGHT},-${HEIGHT}`).join('');
  const falling = starts.map((x) => `M${x},0l${HEIGHT},${HEIGHT}`).join('');
  return { rising, falling, crossed: rising + falling, none: '', level: '', upright: '' }[hatch];
}

/** A bar of a width, for readers who see it: what it says is next to it as text. @param room of the longest bar */
function bar(width: number, name: string, { hatch }: AreaStyle, room = WIDTH): Markup {
  const path = hatchPath(hatch, width);
  return html`<svg class="gbar" width="${room}" height="${HEIGHT}" aria-hidden="true"><svg width="${width.toFixed(1)}" height="${HEIGHT}"><rect class="g-${name}" width="100%" height="100%"/>${path !== '' && html`<path d="${path}"/>`}</svg></svg>`;
}

/** What a policy did under a limit, in words. */
function effectText({ savedBytes, extraNs, rank }: Effect): string {
  const sign = extraNs.mean > 0 ? '+' : '';
  return `saves ${bytesText(savedBytes.mean)}, stalls ${sign}${ms(extraNs.mean)} ms${rank && `, ${rank}`}`;
}

const STANDINGS = {
  refused: 'refused',
  oom: 'out of memory',
  timeout: 'out of time',
  failed: 'failed',
  impossible: 'not possible',
};

function field({ standing, effect }: GlanceField, limit: string, mostBytes: number): Markup {
  if (!effect) {
    const text =
      standing in STANDINGS ? STANDINGS[standing as keyof typeof STANDINGS] : 'nothing to compare with';
    const drawn = standing === 'impossible' ? undefined : bar(WIDTH, 'refused', REFUSED_STYLE);
    return html`<div title="${limit}: ${text}">${drawn}<span class="hidden">${limit}: ${text}. </span></div>`;
  }
  const share = mostBytes > 0 ? Math.max(0, effect.savedBytes.mean) / mostBytes : 0;
  const text = `${limit}: ${effectText(effect)}`;
  const mark = effect.rank && html`<span class="best" aria-hidden="true">${RANK_SIGNS[effect.rank]}</span>`;
  return html`<div title="${text}">${bar(Math.max(STUB, share * WIDTH), effect.stalls, GLANCE_STYLES[effect.stalls])}${mark}<span class="hidden">${text}. </span></div>`;
}

function cell(lines: readonly GlanceLine[], column: number, mostBytes: number): Markup {
  return html`<td>${lines.map(({ limit, fields }) => field(fields[column]!, limit, mostBytes))}</td>`;
}

function row({ family, trace, backing, lines, mostBytes }: GlanceRow, columns: Glance['columns']): Markup {
  const name = traceName({ trace: trace.label, backing });
  const prefix = family === '' ? '' : `${family}: `;
  return html`<tr><th scope="row" class="names"><span class="soft">${prefix}</span>${name}${tagsHtml(trace)}</th>${columns.map((_, i) => cell(lines, i, mostBytes))}<td class="most">${mostBytes > 0 ? bytesText(mostBytes) : 'nothing'}</td></tr>\n`;
}

/** A name that can be broken after its signs. */
function breakable(name: string): Markup[] {
  return name.split(/(?<=[:-])/).map((part, i) => html`${i > 0 && html`<wbr>`}${part}`);
}

/** What lengths and colours mean. */
function key(glance: Glance): Markup {
  const { base, rows } = glance;
  const fields = rows.flatMap(({ lines }) => lines.flatMap((line) => line.fields));
  const stalls = (Object.keys(STALL_NAMES) as Stalls[]).filter((name) =>
    fields.some(({ effect }) => effect?.stalls === name),
  );
  const items = stalls.map(
    (name) => html`<li>${bar(SAMPLE, name, GLANCE_STYLES[name], SAMPLE)}${STALL_NAMES[name]}</li>\n`,
  );
  const refused = fields.some(({ standing, effect }) => !effect && standing !== 'impossible');
  const limits = [...new Set(rows.flatMap(({ lines }) => lines.map(({ limit }) => limit)))];
  const ties = fields.some(({ effect }) => effect?.rank === 'tie') ? ' = ties with it.' : '';
  const leftOut = leftOutText(glance);
  const bars = limits.length > 1 ? ` Upper bars: ${limits[0]}; lower bars: ${limits.at(-1)}.` : '';
  return html`<p class="note">Against ${base}: the longer a bar, the more memory is saved on average, in parts of the most that is saved on the trace; its colour is what that adds to stalls. ★ is best.${ties}${bars}${leftOut && ` ${leftOut}`}</p>
<ul class="colors key">
${items}${refused && html`<li>${bar(SAMPLE, 'refused', REFUSED_STYLE, SAMPLE)}refused, or out of memory</li>\n`}</ul>`;
}

/** The whole comparison in one picture, which is a table to those who do not see it. */
export function glanceHtml(glance: Glance): Markup {
  const { columns, rows, base } = glance;
  const heads = columns.map((names) => html`<th scope="col">${breakable(names.join(', '))}</th>`);
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const bodies = kinds.map(
    (kind) => html`<tbody>
<tr class="trace"><th scope="rowgroup" colspan="${columns.length + 2}"><span class="trace-name">${KIND_NAMES[kind]}</span></th></tr>
${rows.filter((one) => one.kind === kind).map((one) => row(one, columns))}</tbody>\n`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="The comparison at a glance">
<table class="glance">
<caption class="hidden">What policies save and add to stalls, against ${base}, by kind of memory and trace</caption>
<thead><tr><th scope="col" class="names">trace</th>${heads}<th scope="col" class="most">a full bar saves</th></tr></thead>
${bodies}</table>
</div>
${key(glance)}
`;
}
