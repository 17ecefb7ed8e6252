import { numberIn } from '../format.js';
import type { Figure } from './figure.js';
import { drawOverTime, toldOf } from './over-time.js';

/** Memory over trace time, by policy. */
export const memory: Figure = {
  name: 'memory',
  summary: 'memory over time by policy, a panel a trace and limit',
  needs: { 'runs.csv': [], 'timeline.csv': ['time_us', 'footprint_pages'] },
  lacks(data) {
    const policies = new Set(data.rows('runs.csv').map((row) => row[data.axis])).size;
    return policies > 1 ? undefined : 'only one policy was run, so there is nothing to compare';
  },
  draw: (data, page) =>
    data.parts().map((part) =>
      drawOverTime(part, data, page, {
        figure: 'memory',
        title: 'memory',
        limit: true,
        pages: (row) => numberIn(row, 'footprint_pages'),
        caption: (of) =>
          `Memory over time by policy${toldOf(of)}: resident pages and what is in swap. The grey line is the limit of resident memory; policies named together have the same curve.`,
      }),
    ),
};
