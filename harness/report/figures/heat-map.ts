import { PAGE_BYTES } from '../../base/page.js';
import { slug } from '../../base/text.js';
import type { HeatmapRow } from '../../metrics/files.js';
import { originText } from '../facts.js';
import { percent } from '../format.js';
import type { FigureData } from './data.js';
import type { Drawing, Figure, Page } from './figure.js';
import { wholeSpec } from './style.js';
import { byteUnit, largest, rounded, timeUnit } from './units.js';

/** The message of the picture in a sentence: on how much of the memory half of the touches are. */
function busiestText(rows: readonly HeatmapRow[]): string {
  const ranges = new Map<number, { pages: number; touches: number }>();
  for (const { page, page_end, touches } of rows) {
    const range = ranges.get(page) ?? { pages: page_end - page, touches: 0 };
    range.touches += touches;
    ranges.set(page, range);
  }
  const all = [...ranges.values()].sort((a, b) => b.touches / b.pages - a.touches / a.pages);
  const sum = (of: 'pages' | 'touches') => all.reduce((total, range) => total + range[of], 0);
  const half = sum('touches') / 2;
  let [pages, touches] = [0, 0];
  for (const range of all) {
    if (touches >= half) break;
    pages += range.pages;
    touches += range.touches;
  }
  return half === 0 ? '' : `Half of the touches are on ${percent(pages, sum('pages'))} of the memory.`;
}

function drawing(
  trace: string,
  rows: readonly HeatmapRow[],
  data: FigureData,
  several: boolean,
  page: Page,
): Drawing {
  const facts = data.traces.find(({ label }) => label === trace);
  const pageBytes = facts?.pageBytes ?? PAGE_BYTES;
  const end = (column: 'time_end_us' | 'page_end') => largest(rows.map((row) => row[column]));
  const time = timeUnit(end('time_end_us') * 1000);
  const memory = byteUnit(end('page_end') * pageBytes);
  const seconds = (us: number) => rounded((us * 1000) / time.size);
  const bytes = (pages: number) => rounded((pages * pageBytes) / memory.size);
  const values = rows.map((row) => ({
    x: seconds(row.time_us),
    x2: seconds(row.time_end_us),
    y: bytes(row.page),
    y2: bytes(row.page_end),
    touches: row.touches,
  }));
  const axis = (title: string) => ({
    title,
    scale: { nice: false, zero: false },
    axis: { grid: false, tickCount: 5 },
  });
  return {
    name: several ? `heat-map-${slug(data.traceName(trace))}` : 'heat-map',
    caption: [
      `Touches by time and address of ${data.traceName(trace)}${facts ? `, which is ${originText(facts)}` : ''}. Addresses are those that the trace touches, one space after the other, without the gaps between them; the shade is logarithmic, white was not touched.`,
      busiestText(rows),
    ].join(' '),
    traces: [trace],
    width: page.asked,
    columns: 1,
    spec: (width) =>
      wholeSpec({
        data: { values },
        width,
        height: Math.min(128, Math.round(width * 0.6)),
        mark: { type: 'rect', strokeWidth: 0 },
        encoding: {
          x: { field: 'x', type: 'quantitative', ...axis(`time (${time.name})`) },
          x2: { field: 'x2' },
          y: { field: 'y', type: 'quantitative', ...axis(`touched memory (${memory.name})`) },
          y2: { field: 'y2' },
          color: {
            field: 'touches',
            type: 'quantitative',
            scale: { type: 'log', scheme: 'viridis', reverse: true },
            legend: {
              title: 'touches',
              orient: 'bottom',
              direction: 'horizontal',
              gradientLength: 80,
              gradientThickness: 6,
              titleOrient: 'left',
              tickCount: 3,
              format: '~s',
            },
          },
        },
      }),
  };
}

/** Touches by time and address. */
export const heatMap: Figure = {
  name: 'heat-map',
  summary: 'touches by time and address of each trace, from `reclaim compare --heatmap`',
  needs: { 'heatmap.csv': ['time_us', 'page', 'touches'] },
  draw(data, page) {
    const rows = data.rows('heatmap.csv');
    const traces = [...new Set(rows.map((row) => row.trace))];
    return traces.map((trace) =>
      drawing(
        trace,
        rows.filter((row) => row.trace === trace),
        data,
        traces.length > 1,
        page,
      ),
    );
  },
};
