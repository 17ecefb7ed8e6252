import { savedPages } from '../estimate.js';
import { numberIn } from '../format.js';
import { referenceOf } from '../front.js';
import { rankedOf, type Setting } from '../selection.js';
import { labelOf } from './captions.js';
import type { Figure } from './figure.js';
import { overTimeDrawing } from './over-time.js';

/** Memory that policies save over trace time. */
export const memory: Figure = {
  name: 'memory',
  summary: 'memory saved over time against keep, a panel a trace and limit',
  needs: { 'runs.csv': [], 'timeline.csv': ['time_us', 'footprint_pages'] },
  lacks(data) {
    const saves = data.selection.settings.some((setting) => {
      const reference = referenceOf(setting);
      return reference && rankedOf(setting).some((one) => savedPages(one, reference).mean !== 0);
    });
    return data.onePolicy() ?? (saves ? undefined : 'no policy saves memory');
  },
  draw: (data, page) =>
    data.parts().flatMap(
      (part) =>
        overTimeDrawing(part, data, page, {
          figure: 'memory',
          title: 'saved',
          saved: true,
          pages: ['footprint_pages'],
          caption: (of) =>
            `Memory saved over time${labelOf(of)}: what programs hold, in memory and in swap, less than with ${data.axis === 'merge' ? 'no merging' : 'keep'}. Policies named together hold the same.`,
        }) ?? [],
    ),
};

/** Memory in swap over trace time, by policy. */
export const swap: Figure = {
  name: 'swap',
  summary: 'memory in swap over time by policy, a panel a trace and limit',
  needs: { 'runs.csv': [], 'timeline.csv': ['time_us', 'swap_pages'] },
  lacks: (data) => (data.curves.isPositive(['swap_pages']) ? data.onePolicy() : 'nothing was swapped out'),
  draw(data, page) {
    /** All policies under a limit that made any of them swap. */
    const swapped = ({ contenders }: Setting) =>
      contenders.some(({ rows }) => rows.some((row) => numberIn(row, 'swap_pages_mean') > 0));
    return data.parts(swapped).flatMap(
      (part) =>
        overTimeDrawing(part, data, page, {
          figure: 'swap',
          title: 'in swap',
          pages: ['swap_pages'],
          caption: (of) =>
            `Memory in swap over time${labelOf(of)}. Policies named together have as much in it.`,
        }) ?? [],
    );
  },
};

/** Pages that merging saves. */
const MERGED = ['pages_sharing', 'ksm_zero_pages'] as const;

/** What same-page merging saves over trace time. */
export const ksmSaving: Figure = {
  name: 'ksm-saving',
  summary: 'memory that same-page merging saves over time, a line a merge policy',
  needs: { 'runs.csv': [], 'timeline.csv': ['time_us', 'pages_sharing', 'ksm_zero_pages'] },
  lacks: (data) => (data.curves.isPositive(MERGED) ? undefined : 'no page was merged'),
  draw: (data, page) =>
    data.parts().flatMap(
      (part) =>
        overTimeDrawing(part, data, page, {
          figure: 'ksm-saving',
          title: 'merged',
          logTime: true,
          pages: MERGED,
          caption: (of) =>
            `Memory that same-page merging saves over time${labelOf(of)}: pages_sharing and ksm_zero_pages, as the kernel counts them. Time is logarithmic.`,
        }) ?? [],
    ),
};
