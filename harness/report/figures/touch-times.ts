import { rowName } from '../comparison.js';
import { numberIn } from '../format.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Figure, Page, Spec } from './figure.js';
import { type Cells, gridDrawing, type Position, panelRows } from './grid.js';
import { labelOf } from './over-time.js';
import { policyAxis } from './stalls.js';
import { logAxis, pointChannels } from './style.js';
import { rounded } from './units.js';

const PERCENTILES = [
  ['touch_ns_p99', '99 %'],
  ['touch_ns_p999', '99.9 %'],
  ['touch_ns_max', 'longest'],
] as const;
const ROW = 11;

function panel(cells: Cells, at: Position, data: FigureData, page: Page, width: number): Spec {
  const policies = cells.runs.map((row) => rowName(row, data.axis));
  const values = cells.runs.flatMap((row) =>
    PERCENTILES.map(([column, percentile]) => ({
      policy: rowName(row, data.axis),
      percentile,
      // A logarithmic axis has no place for 0.
      time: rounded(Math.max(numberIn(row, column), 1) / 1000),
    })),
  );
  return {
    data: { values },
    width,
    height: policies.length * ROW,
    mark: { type: 'point', filled: true, size: 24, opacity: 1 },
    encoding: {
      y: {
        ...policyAxis(policies, at.first),
        axis: { labels: at.first, ticks: false, domain: false, grid: true, labelOverlap: false },
      },
      x: {
        field: 'time',
        type: 'quantitative',
        title: at.bottom ? 'touch (µs)' : null,
        ...logAxis(
          values.map(({ time }) => time),
          width,
        ),
      },
      ...pointChannels(
        'percentile',
        PERCENTILES.map(([, percentile]) => percentile),
        page,
      ),
    },
  };
}

function drawing(part: Part, data: FigureData, page: Page): Drawing {
  const rows = panelRows(part, page);
  const caption = `How long touches of a page take, at the 99th and 99.9th percentile and at most${labelOf(part)}; logarithmic.`;
  return gridDrawing({ part, rows, data }, 'touch-times', caption, (cells, at, width) =>
    panel(cells, at, data, page, width),
  );
}

/** The tail of the times of touches. */
export const touchTimes: Figure = {
  name: 'touch-times',
  summary: 'percentiles of the time of a touch, by policy',
  needs: { 'runs.csv': PERCENTILES.map(([column]) => column) },
  lacks(data) {
    return data.traces.every(({ touches }) => touches !== 'recorded')
      ? 'no trace has all of its accesses, so the times of touches say nothing'
      : data.onePolicy();
  },
  draw: (data, page) =>
    data.parts((_row, { touches }) => touches === 'recorded').map((part) => drawing(part, data, page)),
};
