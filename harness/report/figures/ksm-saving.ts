import { numberIn } from '../format.js';
import type { Figure } from './figure.js';
import { OverTimePicture, toldOf } from './over-time.js';

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
            `Memory that same-page merging saves over time${toldOf(of)}: pages_sharing and ksm_zero_pages, as the kernel counts them. Time is logarithmic.`,
        }).drawing(),
      ),
};
