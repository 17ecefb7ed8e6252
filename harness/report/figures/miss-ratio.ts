import type { MrcRow } from '../../metrics/files.js';
import { policyStyles } from '../style.js';
import { extremesText } from './captions.js';
import type { Figure } from './figure.js';
import { keyOfLines, markedLines } from './lines.js';
import { panelDrawing } from './panels.js';
import { joinEqual } from './series.js';
import { logAxis } from './style.js';
import { digits } from './units.js';

function labelOf(row: MrcRow): string {
  return row.params === null ? row.policy : `${row.policy}:${row.params}`;
}

/** The message of the figure in a sentence: who misses most and least at the size in the middle. @param rows by size */
function middleText(rows: readonly MrcRow[]): string {
  const sizes = [...new Set(rows.map((row) => row.size_pages))];
  const size = sizes[sizes.length >> 1]!;
  const all = rows
    .filter((row) => row.size_pages === size)
    .map((row) => ({ name: labelOf(row), value: row.miss_ratio }));
  return `Misses at ${size.toLocaleString('en')} pages: ${extremesText(all, digits)}.`;
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
    const shown = policies.filter(
      (policy) => policies.find((name) => joined.get(name) === joined.get(policy)) === policy,
    );
    const looks = policyStyles(policies);
    const lines = shown.map((policy) => ({
      text: joined.get(policy)!,
      look: looks.get(policy)!,
      points: rows
        .filter((row) => labelOf(row) === policy)
        .map((row) => ({ x: row.size_pages, y: row.miss_ratio })),
    }));
    const sizes = rows.map((row) => row.size_pages);
    return [
      panelDrawing(
        {
          name: 'miss-ratio',
          caption: `Miss ratio of replacement policies by the size of the cache, cold start. Policies named together miss exactly alike. ${middleText(rows)}`,
          traces: [],
          columns: [
            [
              {
                title: [],
                draw: (width) => ({
                  width,
                  height: Math.min(110, Math.round(width * 0.55)),
                  layer: markedLines(
                    lines,
                    { title: 'cache size (pages)', ...logAxis(sizes, width) },
                    { title: 'miss ratio', scale: { zero: true }, axis: { tickCount: 4 } },
                  ),
                }),
              },
            ],
          ],
          key: keyOfLines(lines),
        },
        page,
      ),
    ];
  },
};
