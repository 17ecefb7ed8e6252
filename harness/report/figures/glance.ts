import { traceName } from '../comparison.js';
import { originWord, type TraceFacts } from '../facts.js';
import { listed } from '../format.js';
import {
  type Glance,
  type GlanceField,
  type GlanceRow,
  glanceOf,
  leftOutText,
  type Stalls,
} from '../glance.js';
import { type AreaStyle, GLANCE_STYLES, REFUSED_STYLE } from '../style.js';
import { evidence } from './captions.js';
import type { FigureData } from './data.js';
import type { Drawing, Figure, Page, Spec } from './figure.js';
import { hatchLayers, type KeyItem } from './key.js';
import { panelDrawing } from './panels.js';
import {
  boxLayer,
  hatchLines,
  lineLayer,
  markLayer,
  type PixelBox,
  type PixelLine,
  type PixelText,
  textLayer,
} from './pixels.js';
import { bytesText } from './units.js';

/** Room of the names of traces, of that of what saves most, and of a line. */
const FAMILY = 46;
const BEFORE_ORIGIN = 5;
const MOST = 38;
const LINE = 7;
const ROW_GAP = 3;
const HEADER = 8.5;
const SECTION = 13;
const BAR = 5.5;
/** A bar of nothing is this long: its colour says what it costs. */
const STUB = 2;
const GAP = 3;

const KIND_NAMES = { shared: 'shared memory', private: 'private memory', any: 'memory', no: '' } as const;

/** What the bars of a key are called. */
const STALL_NAMES: Readonly<Record<Stalls, string>> = {
  less: 'stalls less than',
  same: 'as much as',
  little: 'more, below 1 % of the run',
  some: '1 to 10 %',
  much: 'above 10 %',
};

type Area = PixelBox & { readonly look: AreaStyle };

/** Marks of what is best, and of what ties with it. */
const FILLS = { best: '#000000', tie: '#ffffff' } as const;

/** What is drawn of a glance, as it is put together from the top down. */
class Sheet {
  readonly areas: Area[] = [];
  readonly strong: PixelText[] = [];
  readonly soft: PixelText[] = [];
  readonly right: PixelText[] = [];
  readonly lines: PixelLine[] = [];
  readonly marks: { x: number; y: number; fill: string }[] = [];
  y = 0;
  /** Where origins begin, and where fields do. */
  private readonly originAt: number;
  private readonly fieldsAt: number;

  constructor(
    private readonly glance: Glance,
    private readonly width: number,
    private readonly data: FigureData,
    page: Page,
  ) {
    const widest = (texts: readonly string[]) => Math.max(...texts.map(page.textWidth));
    const { rows } = glance;
    const indent = rows.some(({ family }) => family !== '') ? FAMILY : 6;
    this.originAt = indent + widest(rows.map((row) => this.nameOf(row))) + BEFORE_ORIGIN;
    this.fieldsAt = this.originAt + widest(rows.map(({ trace }) => shortOrigin(trace))) + BEFORE_ORIGIN;
  }

  private nameOf({ trace, backing }: GlanceRow): string {
    return traceName({ trace: this.data.traceName(trace.label), backing });
  }

  private get field(): number {
    return (this.width - this.fieldsAt - MOST) / this.glance.columns.length;
  }

  private left(column: number): number {
    return this.fieldsAt + column * this.field;
  }

  draw(): this {
    this.header();
    let kind: string | undefined;
    let family: string | undefined;
    for (const row of this.glance.rows) {
      if (row.kind !== kind) {
        this.section(KIND_NAMES[row.kind]);
        family = undefined;
      }
      this.row(row, row.family === family);
      [kind, family] = [row.kind, row.family];
    }
    return this;
  }

  private header(): void {
    const columns = this.glance.columns.map((names) =>
      names.flatMap((name, i) => broken(name, i < names.length - 1)),
    );
    const most = Math.max(...columns.map((lines) => lines.length));
    for (const [i, lines] of columns.entries())
      for (const [at, text] of lines.entries())
        this.soft.push({ x: this.left(i), y: (most - lines.length + at + 0.5) * HEADER, text });
    this.right.push(
      { x: this.width, y: (most - 1.5) * HEADER, text: 'full bar' },
      { x: this.width, y: (most - 0.5) * HEADER, text: 'saves' },
    );
    this.y = most * HEADER + 2;
  }

  private section(text: string): void {
    this.lines.push({ x: 0, x2: this.width, y: this.y + 1, y2: this.y + 1 });
    this.strong.push({ x: 0, y: this.y + SECTION / 2 + 1, text });
    this.y += SECTION;
  }

  private row(row: GlanceRow, sameFamily: boolean): void {
    const { trace, lines, mostBytes } = row;
    const height = lines.length * LINE;
    const middle = this.y + height / 2;
    if (!sameFamily && row.family !== '') this.soft.push({ x: 6, y: middle, text: row.family });
    this.soft.push({ x: row.family === '' ? 6 : FAMILY, y: middle, text: this.nameOf(row) });
    this.soft.push({ x: this.originAt, y: middle, text: shortOrigin(trace) });
    this.right.push({ x: this.width, y: middle, text: mostBytes > 0 ? bytesText(mostBytes) : 'nothing' });
    for (const [at, line] of lines.entries())
      for (const [column, field] of line.fields.entries())
        this.fieldAt(field, this.left(column), this.y + at * LINE + (LINE - BAR) / 2, mostBytes);
    this.y += height + ROW_GAP;
  }

  private fieldAt({ standing, effect }: GlanceField, x: number, y: number, mostBytes: number): void {
    const room = this.field - GAP - 5;
    const y2 = y + BAR;
    if (!effect) {
      if (standing === 'refused' || standing === 'oom' || standing === 'timeout' || standing === 'failed')
        this.areas.push({ x, x2: x + room, y, y2, look: REFUSED_STYLE });
      return;
    }
    const share = mostBytes > 0 ? Math.max(0, effect.savedBytes.mean) / mostBytes : 0;
    this.areas.push({ x, x2: x + Math.max(STUB, share * room), y, y2, look: GLANCE_STYLES[effect.stalls] });
    if (effect.rank !== '') this.marks.push({ x: x + room + 3, y: y + BAR / 2, fill: FILLS[effect.rank] });
  }
}

/** Where a trace comes from, in a word. */
function shortOrigin(trace: TraceFacts): string {
  return originWord(trace)
    .replace('recorded, accesses inferred', 'inferred')
    .replace('of unstated origin', '');
}

/** A name in lines that fit a column. */
function broken(name: string, more: boolean): string[] {
  const parts = name
    .match(/[^:,]+[:,]?/g)!
    .flatMap((part) => (part.length > 9 ? part.match(/[^-_=]+[-_=]?/g)! : [part]));
  return parts.map((part, i) => (more && i === parts.length - 1 ? `${part},` : part));
}

function layersOf(sheet: Sheet): Spec[] {
  const { areas, strong, soft, right, lines, marks } = sheet;
  return [
    boxLayer(
      areas.map(({ look, ...box }) => ({ ...box, color: look.color })),
      { stroke: '#555555', strokeWidth: 0.3 },
    ),
    ...hatchLayers(areas.flatMap(({ look, ...box }) => hatchLines(box, look.hatch))),
    lineLayer(lines, { color: '#888888' }),
    textLayer(strong, 'left', { fontWeight: 'normal', color: '#000000' }),
    textLayer(soft, 'left', { color: '#222222' }),
    textLayer(right, 'right', { color: '#222222' }),
    markLayer(
      marks.map((at) => ({ ...at, color: '#000000', shape: 'circle' })),
      7,
    ),
  ];
}

function keyOf({ base, rows }: Glance, limits: readonly string[]): KeyItem[] {
  const effects = rows.flatMap(({ lines }) =>
    lines.flatMap(({ fields }) => fields.map(({ effect }) => effect)),
  );
  const stalls = (Object.keys(STALL_NAMES) as Stalls[]).filter((name) =>
    effects.some((effect) => effect?.stalls === name),
  );
  const ranks = (['best', 'tie'] as const).filter((rank) => effects.some((effect) => effect?.rank === rank));
  return [
    ...stalls.map(
      (name): KeyItem => ({
        sample: { kind: 'box', ...GLANCE_STYLES[name] },
        text: name === 'less' || name === 'same' ? `${STALL_NAMES[name]} ${base}` : STALL_NAMES[name],
      }),
    ),
    { sample: { kind: 'box', ...REFUSED_STYLE }, text: 'refused, or out of memory' },
    ...ranks.map(
      (rank): KeyItem => ({
        sample: { kind: 'mark', color: '#000000', fill: FILLS[rank], shape: 'circle' },
        text: rank,
      }),
    ),
    ...(limits.length > 1
      ? [{ sample: { kind: 'none' } as const, text: `upper bar: ${limits[0]}, lower bar: ${limits.at(-1)}` }]
      : []),
  ];
}

/** What is best most often, of each kind of memory: the message of the picture in a sentence. */
function bestText({ rows, columns }: Glance): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const texts = kinds.flatMap((kind) => {
    const lines = rows.filter((row) => row.kind === kind).flatMap((row) => row.lines);
    const times = columns.map(
      (_, i) => lines.filter(({ fields }) => fields[i]!.effect?.rank === 'best').length,
    );
    const most = Math.max(...times);
    if (most === 0) return [];
    const names = columns.filter((_, i) => times[i] === most).map((all) => listed(all));
    return [`${KIND_NAMES[kind]}, ${listed(names)} (in ${most} of ${lines.length} settings)`];
  });
  return texts.length === 0 ? '' : `Best most often are, for ${texts.join('; for ')}.`;
}

function drawing(glance: Glance, data: FigureData, page: Page): Drawing {
  const limits = [...new Set(glance.rows.flatMap(({ lines }) => lines.map(({ limit }) => limit)))];
  return panelDrawing(
    {
      name: 'glance',
      caption: [
        `What policies save and what they add to stalls, against ${glance.base}, on each trace and kind of memory.`,
        'The length of a bar is the memory saved on average, as a share of the most that is saved on the trace; a stub saves nothing. Its colour and hatching are the extra stall. What is best saves more than all that cost less, and costs less than all that save more.',
        bestText(glance),
        leftOutText(glance),
        evidence(data.selection.settings, data, 'ties'),
      ]
        .filter((text) => text !== '')
        .join(' '),
      traces: [...new Set(glance.rows.map(({ trace }) => trace.label))],
      columns: [
        [
          {
            title: [],
            draw: (width) => {
              const sheet = new Sheet(glance, width, data, page).draw();
              return { width, height: sheet.y, view: { stroke: null }, layer: layersOf(sheet) };
            },
          },
        ],
      ],
      key: keyOf(glance, limits),
      indent: 4,
    },
    { ...page, asked: 'page' },
  );
}

/** The whole comparison in one picture. */
export const glance: Figure = {
  name: 'glance',
  summary: 'the whole comparison in one picture: what each policy saves and adds to stalls, on each trace',
  needs: { 'runs.csv': ['saved_pages_mean', 'stall_ns'] },
  lacks: (data) => (glanceOf(data.selection) ? undefined : 'there is nothing to compare'),
  draw(data, page) {
    const seen = glanceOf(data.selection);
    return seen ? [drawing(seen, data, page)] : [];
  },
};
