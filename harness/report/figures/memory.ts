import type { RunRow } from '../../metrics/files.js';
import { numberIn } from '../format.js';
import type { Figure } from './figure.js';
import { labelOf, OverTimePicture } from './over-time.js';

/** Memory over trace time, by policy. */
export const memory: Figure = {
  name: 'memory',
  summary: 'resident memory over time by policy, a panel a trace and limit',
  needs: { 'runs.csv': [], 'timeline.csv': ['time_us', 'resident_pages'] },
  lacks: (data) => data.onePolicy(),
  draw: (data, page) =>
    data.parts().map((part) =>
      new OverTimePicture(part, data, page, {
        figure: 'memory',
        title: 'resident',
        limit: true,
        pages: (row) => numberIn(row, 'resident_pages'),
        caption: (of) =>
          `Resident memory over time by policy${labelOf(of)}. The thin grey line is the limit; policies named together have the same curve.`,
      }).drawing(),
    ),
};

/** Memory in swap over trace time, by policy. */
export const swap: Figure = {
  name: 'swap',
  summary: 'memory in swap over time by policy, a panel a trace and limit',
  needs: { 'runs.csv': [], 'timeline.csv': ['time_us', 'swap_pages'] },
  lacks(data) {
    const used = data.rows('timeline.csv').some((row) => numberIn(row, 'swap_pages') > 0);
    return used ? data.onePolicy() : 'nothing was swapped out';
  },
  draw(data, page) {
    const swapped = (row: RunRow) => numberIn(row, 'swap_pages_mean') > 0;
    // All policies under a limit that made any of them swap.
    const limits = new Set(
      data
        .rows('runs.csv')
        .filter(swapped)
        .map((row) => `${row.trace} ${row.limit_pages}`),
    );
    return data
      .parts((row) => limits.has(`${row.trace} ${row.limit_pages}`))
      .map((part) =>
        new OverTimePicture(part, data, page, {
          figure: 'swap',
          title: 'in swap',
          pages: (row) => numberIn(row, 'swap_pages'),
          caption: (of) =>
            `Memory in swap over time by policy${labelOf(of)}. Policies named together have the same curve.`,
        }).drawing(),
      );
  },
};

/** What same-page merging saves over trace time. */
export const ksmSaving: Figure = {
  name: 'ksm-saving',
  summary: 'memory that same-page merging saves over time, a line a merge policy',
  needs: { 'runs.csv': [], 'timeline.csv': ['time_us', 'pages_sharing', 'ksm_zero_pages'] },
  lacks(data) {
    const merges = data
      .rows('timeline.csv')
      .some((row) => numberIn(row, 'pages_sharing') + numberIn(row, 'ksm_zero_pages') > 0);
    return merges ? undefined : 'no page was merged';
  },
  draw: (data, page) =>
    data
      .parts((row) => row.merge !== 'none')
      .map((part) =>
        new OverTimePicture(part, data, page, {
          figure: 'ksm-saving',
          title: 'saved by merging',
          logTime: true,
          pages: (row) => numberIn(row, 'pages_sharing') + numberIn(row, 'ksm_zero_pages'),
          caption: (of) =>
            `Memory that same-page merging saves over time${labelOf(of)}: pages_sharing and ksm_zero_pages, as the kernel counts them. Time is logarithmic.`,
        }).drawing(),
      ),
};
