import Table from 'cli-table3';
import { PLAIN_TABLE } from '../../metrics/table-style.js';
import type { Validated } from './validate.js';

/** The comparison with the measured kernel, a line a row. */
export function validationTable(results: readonly Validated[]): string {
  const table = new Table({
    head: [
      'mode',
      'kind',
      'pattern',
      'pages',
      'kernel misses\n(least–most)',
      'simulated',
      '%',
      'allowed',
      '',
    ],
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'],
    ...PLAIN_TABLE,
  });
  for (const { row, misses, differencePercent, allowedPercent, ok } of results) {
    table.push([
      row.mode,
      row.kind,
      row.pattern,
      row.capacity,
      `${row.misses} (${row.least}–${row.most})`,
      misses,
      signed(differencePercent),
      `± ${allowedPercent}`,
      ok ? 'ok' : 'MISS',
    ]);
  }
  return table.toString();
}

/** With two decimals and its sign; what rounds to nothing has none. */
function signed(percent: number): string {
  const text = Math.abs(percent).toFixed(2);
  if (text === '0.00') return text;
  return percent < 0 ? `-${text}` : `+${text}`;
}
