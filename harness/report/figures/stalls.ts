import { STALL_PARTS, type StallPart } from '../../metrics/schema.js';
import { rowName, stallsAre } from '../comparison.js';
import { numberIn } from '../format.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Figure, Page, Spec } from './figure.js';
import { type Cells, gridDrawing, type Position, panelRows } from './grid.js';
import { labelOf } from './over-time.js';
import { FILLS, legend } from './style.js';
import { largest, rounded, timeUnit, type Unit } from './units.js';

/** What the parts of stall time are called. */
export const PART_NAMES: Readonly<Record<StallPart, string>> = {
  minor: 'minor faults',
  major: 'major faults',
  read: 'file reads',
  cow: 'copy-on-write',
  reclaim: 'direct reclaim',
  discard: 'discard calls',
  pin: 'pin calls',
  sigbus: 'SIGBUS',
  regen: 'regeneration',
};
const ROW = 11;
/** Between the names of policies and the bars, and at the edge. */
const AXIS_PADDING = 10;

function partsOf(part: Part): StallPart[] {
  return STALL_PARTS.filter((name) => part.runs.some((row) => numberIn(row, `stall_${name}_ns`) > 0));
}

/** An axis of policies from top to bottom, named at the left edge only. */
export function policyAxis(policies: readonly string[], first: boolean): Spec {
  return {
    field: 'policy',
    type: 'nominal',
    title: null,
    scale: { domain: policies },
    axis: { labels: first, ticks: false, domain: false, minExtent: 0, labelOverlap: false },
  };
}

/** What all panels of a picture share. */
interface Bars {
  readonly data: FigureData;
  readonly parts: readonly StallPart[];
  readonly time: Unit;
  readonly legend: Spec;
}

function panel(cells: Cells, at: Position, { data, parts, time, legend: shown }: Bars): Spec {
  const policies = cells.runs.map((row) => rowName(row, data.axis));
  const values = cells.runs.flatMap((row) =>
    parts
      .filter((name) => numberIn(row, `stall_${name}_ns`) > 0)
      .map((name) => ({
        policy: rowName(row, data.axis),
        part: PART_NAMES[name],
        order: parts.indexOf(name),
        time: rounded(numberIn(row, `stall_${name}_ns`) / time.size),
      })),
  );
  const labels = parts.map((name) => PART_NAMES[name]);
  return {
    data: { values },
    height: policies.length * ROW,
    mark: { type: 'bar', stroke: 'white', strokeWidth: 0.4, height: { band: 0.75 } },
    encoding: {
      y: policyAxis(policies, at.first),
      x: {
        field: 'time',
        type: 'quantitative',
        title: at.bottom ? `stalled (${time.name})` : null,
        axis: { tickCount: 3 },
      },
      color: {
        field: 'part',
        type: 'nominal',
        scale: { domain: labels, range: parts.map((name) => FILLS[STALL_PARTS.indexOf(name)]) },
        legend: shown,
      },
      order: { field: 'order', type: 'quantitative' },
    },
  };
}

function drawing(part: Part, data: FigureData, page: Page): Drawing {
  const parts = partsOf(part);
  const rows = panelRows(part, page);
  const sum = (row: Part['runs'][number]) =>
    parts.reduce((total, name) => total + numberIn(row, `stall_${name}_ns`), 0);
  const time = timeUnit(largest(part.runs.map(sum)));
  const policies = part.runs.map((row) => rowName(row, data.axis));
  const shown = legend(
    parts.map((name) => PART_NAMES[name]),
    page,
    { symbolType: 'square', symbolSize: 60 },
    largest(policies.map(page.textWidth)) + AXIS_PADDING,
  );
  const bars: Bars = { data, parts, time, legend: shown };
  const factsOf = new Map(part.traces.map((trace) => [trace.label, trace]));
  const are = new Set(part.runs.map((row) => stallsAre(row, factsOf.get(row.trace)!)));
  const inferred = are.has('inferred') ? ' Where accesses are inferred, so are the faults they take.' : '';
  const least = are.has('least')
    ? ' Where only first accesses were seen, faults under a limit are missing.'
    : '';
  const caption = `Time that programs stalled, by its cause${labelOf(part)}.${inferred}${least}`;
  return gridDrawing({ part, rows, data }, 'stalls', caption, (cells, at, width) => ({
    width,
    ...panel(cells, at, bars),
  }));
}

/** Stall time by its parts, stacked. */
export const stalls: Figure = {
  name: 'stalls',
  summary: 'stall time by its cause, a bar a policy',
  needs: { 'runs.csv': ['stall_ns'] },
  lacks: (data) => data.onePolicy(),
  draw: (data, page) =>
    data
      .parts()
      .filter((part) => partsOf(part).length > 0)
      .map((part) => drawing(part, data, page)),
};
