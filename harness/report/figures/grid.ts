import type { RunRow } from '../../metrics/files.js';
import { limitLabel, type TraceFacts } from '../comparison.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Page, Spec } from './figure.js';
import { TEXT_POINTS, wholeSpec } from './style.js';

/** One panel: the cells of a trace under one limit. */
export interface Cells {
  readonly title: string;
  readonly trace: TraceFacts;
  readonly runs: readonly RunRow[];
}

/** Where a panel stands: axes are named only at the edge. */
export interface Position {
  readonly first: boolean;
  readonly bottom: boolean;
}

/** Panels narrower than this show nothing. */
const MIN_PANEL = 48;

/** A part as rows of panels: a row per trace, a panel per limit; several rows where the limits do not fit side by side. */
export function panelRows(part: Part, page: Page): Cells[][] {
  const fit = Math.max(1, Math.floor(page.width / (MIN_PANEL + 12)));
  return part.traces.flatMap((trace) => {
    const own = part.runs.filter((row) => row.trace === trace.label);
    const limits = [...new Set(own.map((row) => limitLabel(row, trace)))];
    const panels = limits.map((title) => ({
      title,
      trace,
      runs: own.filter((row) => limitLabel(row, trace) === title),
    }));
    const perRow = Math.ceil(panels.length / Math.ceil(panels.length / fit));
    return Array.from({ length: Math.ceil(panels.length / perRow) }, (_, i) =>
      panels.slice(i * perRow, (i + 1) * perRow),
    );
  });
}

/** How many panels stand side by side. */
function columnsOf(rows: readonly (readonly unknown[])[]): number {
  return Math.max(...rows.map((row) => row.length));
}

/** A panel with a text above its left corner: titles of Vega move with the labels of axes, and would not stand in line. */
function titled(text: string, { width, height, ...panel }: Spec): Spec {
  const title = {
    data: { values: [{ text }] },
    mark: { type: 'text', align: 'left', baseline: 'bottom', fontSize: TEXT_POINTS, color: '#444444' },
    encoding: { x: { value: 0 }, y: { value: -4 }, text: { field: 'text' } },
  };
  return { width, height, layer: [panel, title] };
}

/**
 * Rows of panels as one specification. The name of the trace stands above the first row of its panels, where there are
 * several traces; the limit above each panel, where there are several limits.
 */
function gridSpec(
  rows: readonly (readonly Cells[])[],
  nameOf: (label: string) => string,
  panel: (cells: Cells, position: Position) => Spec,
): Spec {
  const traces = new Set(rows.flat().map(({ trace }) => trace.label)).size;
  const limits = new Set(rows.flat().map(({ title }) => title)).size;
  const vconcat = rows.map((row, at) => {
    const { trace } = row[0]!;
    const starts = rows[at - 1]?.[0]?.trace.label !== trace.label;
    const hconcat = row.map((cells, i) => {
      const spec = panel(cells, { first: i === 0, bottom: at === rows.length - 1 });
      return limits > 1 ? titled(cells.title, spec) : spec;
    });
    return { ...(traces > 1 && starts ? { title: nameOf(trace.label) } : {}), hconcat };
  });
  return wholeSpec({ vconcat });
}

/**
 * A part as a drawing of rows of panels.
 *
 * @param figure what the names of its files begin with
 * @param panel draws the panel of some cells, `width` points wide
 */
export function gridDrawing(
  { part, rows, data }: { part: Part; rows: readonly (readonly Cells[])[]; data: FigureData },
  figure: string,
  caption: string,
  panel: (cells: Cells, at: Position, width: number) => Spec,
): Drawing {
  return {
    name: `${figure}${part.suffix}`,
    caption,
    traces: part.traces.map(({ label }) => label),
    columns: columnsOf(rows),
    spec: (width) =>
      gridSpec(
        rows,
        (label) => data.traceName(label),
        (cells, at) => panel(cells, at, width),
      ),
  };
}
