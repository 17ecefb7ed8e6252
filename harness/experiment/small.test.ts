import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCosts } from '../cost/table.js';
import { LIVE_DEFAULTS } from '../live/choice.js';
import { AXES } from '../metrics/axes.js';
import { TRACE } from '../testing/cli-folder.js';
import { temporaryFolder } from '../testing/folder.js';
import type { CellJob, ReadJob } from './jobs.js';
import { SmallJobs } from './small.js';
import type { TraceEntry } from './trace-entries.js';

const folder = temporaryFolder('reclaim-small-');
const SETUP = {
  costs: readCosts(undefined).costs,
  policyModules: [],
  policyTimeoutS: 1,
  live: LIVE_DEFAULTS,
  maxExpansion: 1000,
};
const small = new SmallJobs(SETUP);
const read = (entry: TraceEntry): ReadJob => ({ read: { entry, folder: folder(), handle: undefined } });
const generated = (params: Readonly<Record<string, string>>) => read({ workload: 'zipf', params, seed: 1 });

function written(name: string, text: string): ReadJob {
  writeFileSync(join(folder(), name), text);
  return read(name);
}

describe('what is read where the pool is', () => {
  it('are small files that are not compressed, and what generators make of small numbers', () => {
    const suits = (job: ReadJob) => small.suits([job]);
    expect(suits(written('a.csv', TRACE))).toBe(true);
    expect(suits(written('long.csv', `${'#\n'.repeat(2 ** 15)}${TRACE}`))).toBe(false);
    expect(suits(written('a.csv.gz', TRACE))).toBe(false);
    expect(suits(read('none.csv'))).toBe(false);
    expect(suits(read('-'))).toBe(false);
    expect(suits(generated({ pages: '60', events: '300' }))).toBe(true);
    expect(suits(generated({ pages: '60', events: '300000' }))).toBe(false);
    expect(small.suits([written('a.csv', TRACE), written('b.csv.gz', TRACE)])).toBe(false);
  });

  it('is nothing where there are policies from outside', () => {
    const foreign = new SmallJobs({ ...SETUP, policyModules: ['mine.mjs'] });
    expect(foreign.suits([written('a.csv', TRACE)])).toBe(false);
  });

  it('is left to a worker where its events are many, or name many pages', async () => {
    expect(await small.answer(written('a.csv', TRACE))).toMatchObject({ read: { events: 6 } });
    const many = TRACE.replaceAll(',40,', ',300000,');
    expect(await small.answer(written('many.csv', many))).toBeUndefined();
    expect(await small.answer(generated({ pages: '60', events: '20000' }))).toBeUndefined();
    const wrong = TRACE.replace('100,mark', '60,read,1,20,21,\n100,mark');
    expect(await small.answer(written('wrong.csv', wrong))).toMatchObject({
      refused: expect.stringMatching(/wrong\.csv:7/),
    });
  });
});

it('cells are run where the pool is as long as each is short, all are, and no time passes for ksmd', () => {
  const job = (expectedNs: number, more: object = {}) =>
    ({
      expectedNs,
      cells: [{ machine: AXES.machine.default, merge: AXES.merge.default, ...more }],
    }) as unknown as CellJob;
  const suits = (...jobs: CellJob[]) => small.suits(jobs);
  expect(suits(job(2e8))).toBe(true);
  expect(suits(job(3e8))).toBe(false);
  expect(suits(...Array.from({ length: 6 }, () => job(2e8)))).toBe(false);
  expect(suits(job(1e6, { merge: 'ksm' }))).toBe(false);
  expect(suits(job(1e6, { machine: 'vm' }))).toBe(false);
});
