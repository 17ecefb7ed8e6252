import type { MrcRow } from '../../metrics/files.js';
import type { Figure, Spec } from './figure.js';
import { joinEqual } from './series.js';
import { LINE_AND_POINTS, linePointChannels, logAxis, wholeSpec } from './style.js';
import { rounded } from './units.js';

function labelOf(row: MrcRow): string {
  return row.params === null ? row.policy : `${row.policy}:${row.params}`;
}

/** Miss ratio by cache size, a line a replacement policy. */
export const missRatio: Figure = {
  name: 'miss-ratio',
  summary: 'miss ratio by cache size of replacement policies, from `reclaim mrc --format csv`',
  needs: { 'mrc.csv': ['size_pages', 'miss_ratio'] },
  draw(data, page) {
    const rows = [...data.rows('mrc.csv')].sort((a, b) => a.size_pages - b.size_pages);
    const policies = [...new Set(data.rows('mrc.csv').map(labelOf))];
    const joined = joinEqual(policies, (policy) =>
      JSON.stringify(
        rows.filter((row) => labelOf(row) === policy).map((row) => [row.size_pages, row.miss_ratio]),
      ),
    );
    const labels = [...new Set(joined.values())];
    const shown = policies.filter(
      (policy) => policies.find((name) => joined.get(name) === joined.get(policy)) === policy,
    );
    const values = rows
      .filter((row) => shown.includes(labelOf(row)))
      .map((row) => ({
        size: row.size_pages,
        ratio: rounded(row.miss_ratio),
        policy: joined.get(labelOf(row)),
      }));
    const x: Spec = {
      field: 'size',
      type: 'quantitative',
      title: 'cache size (pages)',
      ...logAxis(
        rows.map((row) => row.size_pages),
        page.width,
      ),
    };
    const y: Spec = { field: 'ratio', type: 'quantitative', title: 'miss ratio', scale: { zero: true } };
    return [
      {
        name: 'miss-ratio',
        caption:
          'Miss ratio of replacement policies by the size of the cache, cold start. Policies named together miss exactly alike.',
        traces: [],
        columns: 1,
        spec: (width) =>
          wholeSpec({
            data: { values },
            width,
            height: Math.min(180, Math.round(width * 0.6)),
            encoding: { x, y, ...linePointChannels('policy', labels, page) },
            mark: LINE_AND_POINTS,
          }),
      },
    ];
  },
};
