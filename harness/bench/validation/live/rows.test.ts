import { describe, expect, it } from 'vitest';
import { type LiveRow, liveRows, METRICS, outside, simulateRow } from './rows.js';

/** Seen only on the first host, whose files were in compressed memory; on the second, with files on a disk, all runs are like the model's. */
const SECOND_OUTCOME = 'the first host has a second outcome, which the second has not';
const FEW = 'fewer than 100 faults; what two processes need for themselves is known to 20 pages or so';

/** Rows that are outside, with the reason: README.md says more. */
const OUTSIDE: Readonly<Record<string, string>> = {
  'fresh a pfile.swap': SECOND_OUTCOME,
  'fresh a seq_sequential.none': SECOND_OUTCOME,
  'fresh b shm2.swap': FEW,
  'none a coldfile.none': 'shadows are reclaimed while statistics are 0 (count_shadow_nodes)',
  'none a drop_punch.none': SECOND_OUTCOME,
  'none a drop_remove.none': SECOND_OUTCOME,
  'none a mixed_0.swap': SECOND_OUTCOME,
  'none a pfile.swap': SECOND_OUTCOME,
  'none a seq.none': SECOND_OUTCOME,
  'none a shm2.swap': FEW,
  'none b phases_anon.swap': '0.2 % beyond what is allowed',
  'none b shm2.swap': FEW,
};

const rows = liveRows();

async function offOf(row: LiveRow): Promise<Record<string, number>> {
  const simulated = await simulateRow(row);
  return Object.fromEntries(METRICS.map((metric) => [metric, outside(row, metric, simulated[metric])]));
}

describe('workloads under a limit, as a live kernel reclaimed them', () => {
  for (const row of rows) {
    const { key } = row;
    const reason = OUTSIDE[key];
    it(reason ? `${key} is outside: ${reason}` : key, async () => {
      const off = await offOf(row);
      const inside = { pgmajfault: 0, workingset_refault_anon: 0, workingset_refault_file: 0 };
      if (reason) expect(off).not.toEqual(inside);
      else expect(off).toEqual(inside);
    });
  }

  it('rows that are said to be outside exist', () => {
    const keys = rows.map(({ key }) => key);
    expect(Object.keys(OUTSIDE).filter((key) => !keys.includes(key))).toEqual([]);
  });
});
