import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCosts } from '../cost/table.js';
import { parseCsv } from '../metrics/csv.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { memoryFolder } from '../testing/folder.js';
import { cellOf } from '../testing/results.js';
import { traceOf } from '../testing/traces.js';
import { runCell } from './cell.js';
import { readExperiment } from './file.js';
import { type Cell, planCells } from './plan.js';
import { runExperiment } from './run.js';
import { families, sharedRuns } from './shared-runs.js';

const PURGE = ['range-lru', 'page-lru', 'range-fifo:when=before', 'page-lru:aging=1'];

/** One line a run: the numbers of the cells that share it. */
function grouped(cells: readonly Cell[], marksVolatile = false, foreign = false, unpins = true): string[] {
  return sharedRuns(cells, () => ({ marksVolatile, unpins }), foreign).map(({ cell, others }) =>
    [cell, ...others].map(({ cell: number }) => number).join(' '),
  );
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(memoryFolder(), 'reclaim-shared-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function experiment(name: string, lines: readonly string[]): ReturnType<typeof readExperiment> {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, [`name: ${name}`, ...lines, ''].join('\n'));
  return readExperiment(path);
}

describe('cells that differ only in purge', () => {
  const planned = (swap: string, discard: string) => {
    const read = experiment('e', [
      'traces: [a.csv]',
      `discard: [${discard}]`,
      `purge: [${PURGE}]`,
      `swap: [${swap}]`,
    ]);
    return planCells(read, [{ peakPages: 10, pageBytes: 4096, replicate: 1 }]);
  };

  it('share a run while nothing is volatile', () => {
    // Two discard policies change fastest: cells 1, 3, 5 and 7 are keep, the others remove.
    expect(grouped(planned('ssd', 'keep, remove'))).toEqual(['1 3 5 7', '2 4 6 8']);
  });

  it('do not where reclaim walks more memory', () => {
    expect(grouped(planned('none', 'keep'))).toEqual(['1 2 3', '4']);
  });

  it('do not where the trace marks memory, or a discard policy may', () => {
    expect(grouped(planned('ssd', 'keep'), true)).toEqual(['1', '2', '3', '4']);
    expect(grouped(planned('ssd', 'keep'), false, true)).toEqual(['1', '2', '3', '4']);
    const cells = planned('ssd', 'keep').map((cell) => ({ ...cell, discard: 'volatile:regen=page' }));
    expect(grouped(cells)).toEqual(['1', '2', '3', '4']);
  });
});

describe('cells that differ only in what is done with unpinned memory', () => {
  const cells = (discards: readonly string[]) =>
    discards.map((discard, i) => ({ ...cellOf({ discard }), cell: i + 1 }));
  const planned = cells([
    'keep',
    'remove',
    'remove:eager=1',
    'remove-managed',
    'remove-managed:budget=1,regen=page',
    'remove:regen=page',
    'punch',
    'punch:lookup=1',
    'punch:lookup=1,eager=1',
    'truncate',
    'volatile',
  ]);

  it('share a run where nothing is unpinned', () => {
    expect(grouped(planned, false, false, false)).toEqual(['1', '2 3 4', '5 6', '7', '8 9', '10', '11']);
  });

  it('do not where memory is unpinned, or policies are from outside', () => {
    const each = planned.map(({ cell }) => String(cell));
    expect(grouped(planned, false, false, true)).toEqual(each);
    expect(grouped(planned, false, true, false)).toEqual(each);
  });
});

describe('cells that may share a replay', () => {
  const cells = [
    cellOf({ discard: 'keep' }),
    cellOf({ discard: 'remove' }),
    cellOf({ discard: 'keep', limit: 30 }),
    cellOf({ discard: 'punch' }),
    cellOf({ discard: 'keep', reclaim: 'opt' }),
    cellOf({ discard: 'remove', reclaim: 'opt' }),
  ].map((cell, i) => ({ cell: { ...cell, cell: i + 1 } }));
  const grouped = (foreign: boolean) =>
    families(cells, foreign).map((runs) => runs.map(({ cell: { cell } }) => cell).join(' '));

  it('differ in their discard policies alone, and foresee nothing', () => {
    expect(grouped(false)).toEqual(['1 2 4', '3', '5', '6']);
  });

  it('are none with policies from outside', () => {
    expect(grouped(true)).toEqual(['1', '2', '3', '4', '5', '6']);
  });
});

it('cells that share a replay have the rows of experiments of their own', async () => {
  const csv = ['time_us,op,space,page,count,arg', ...EVENTS, '120,write,1,0,40,', ''].join('\n');
  writeFileSync(join(folder, 'plain.csv'), csv);
  const rows = async (name: string, discards: readonly string[]) => {
    const lines = ['traces: [plain.csv]', `discard: [${discards}]`, 'limits: [none, 50]'];
    const options = { out: join(folder, name), workers: 1, resume: false, policyModules: [], command: '' };
    const { runs } = await runExperiment(experiment(name, lines), options);
    return runs.map(({ cell: _cell, experiment: _experiment, ...row }) => row);
  };
  const discards = ['keep', 'remove', 'punch:lookup=1', 'truncate'];
  const together = await rows('together', discards);
  const alone = (await Promise.all(discards.map((discard, i) => rows(`alone${i}`, [discard])))).flat();
  const plain = (row: object) => JSON.stringify({ ...row, saved_pages_mean: 0, saved_pages_net_mean: 0 });
  expect(together.map(plain).toSorted()).toEqual(alone.map(plain).toSorted());
  const perf = parseCsv(readFileSync(join(folder, 'together', 'perf.csv'), 'utf8'), 'perf.csv').rows;
  // keep has truncate, remove has punch.
  expect(perf.filter(({ wall_ns }) => wall_ns !== '0')).toHaveLength(4);
});

const EVENTS = [
  '0,spawn,1,,,',
  '0,object,,,40,shmem:o',
  '0,map,1,0,40,shared:o@0',
  '0,map,1,100,40,anon',
  '1,write,1,0,40,',
  '2,write,1,100,40,',
  '3,madvise,1,100,20,MADV_FREE',
  '50,discard,1,0,20,',
  '60,read,1,20,20,',
  '100,mark,,,,end',
];

it('what they share is true: every purge policy has the same rows', async () => {
  const trace = traceOf(`${EVENTS.join('\n')}\n`);
  const costs = loadCosts();
  const rows = new Set<string>();
  for (const { name } of purgePolicies.all()) {
    const cell = cellOf({ limit: 30, discard: 'remove', purge: name });
    const { run, timeline, spaces } = await runCell(cell, trace, 'a', costs);
    rows.add(JSON.stringify([{ ...run, purge: '' }, timeline, spaces]));
  }
  expect(rows.size).toBe(1);
});

it('an experiment has the rows of the cells by themselves, and runs each once', async () => {
  const volatile = EVENTS.toSpliced(6, 0, '3,madvise,1,100,40,MADV_VOLATILE');
  const csv = (events: readonly string[]) => ['time_us,op,space,page,count,arg', ...events, ''].join('\n');
  writeFileSync(join(folder, 'plain.csv'), csv(EVENTS));
  writeFileSync(join(folder, 'marks.csv'), csv(volatile));
  const common = ['traces: [plain.csv, marks.csv]', 'discard: [keep, remove]', 'limits: [50]'];
  const rows = async (name: string, purge: readonly string[]) => {
    let finished = 0;
    const { runs } = await runExperiment(experiment(name, [...common, `purge: [${purge}]`]), {
      out: join(folder, name),
      workers: 1,
      resume: false,
      policyModules: [],
      command: '',
      events: { finishedCell: () => void finished++ },
    });
    expect(finished).toBe(runs.length);
    return runs.map(({ cell: _cell, experiment: _experiment, ...row }) => JSON.stringify(row));
  };
  const both = await rows('both', ['range-lru', 'page-lru']);
  const alone = [...(await rows('one', ['range-lru'])), ...(await rows('two', ['page-lru']))];
  expect(both.toSorted()).toEqual(alone.toSorted());
  // Cells 3 and 4 take the result of 1 and 2; on the trace that marks memory each runs.
  const perf = parseCsv(readFileSync(join(folder, 'both', 'perf.csv'), 'utf8'), 'perf.csv').rows;
  expect(perf.map(({ wall_ns }) => wall_ns === '0')).toEqual([
    false,
    false,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

it('policies that differ at unpin have the rows of experiments of their own', async () => {
  const csv = ['time_us,op,space,page,count,arg', ...EVENTS, '120,pin,1,0,30,', ''].join('\n');
  writeFileSync(join(folder, 'plain.csv'), csv);
  const rows = async (name: string, discards: readonly string[]) => {
    const lines = ['traces: [plain.csv]', `discard: [${discards}]`, 'limits: [none, 50]'];
    const options = { out: join(folder, name), workers: 1, resume: false, policyModules: [], command: '' };
    const { runs, spaces, draws } = await runExperiment(experiment(name, lines), options);
    const drawsOf = ({ cell }: { cell: number }) =>
      [...draws.get(cell)!].map(({ cell: _cell, ...times }) => times);
    const paidOf = ({ cell: of }: { cell: number }) =>
      spaces.filter(({ cell }) => cell === of).map(({ cell: _cell, ...paid }) => paid);
    return runs.map((row) =>
      JSON.stringify([{ ...row, cell: 0, experiment: '' }, drawsOf(row), paidOf(row)]),
    );
  };
  const discards = ['remove', 'remove:eager=1', 'remove-managed'];
  const together = await rows('together', discards);
  const alone: string[] = [];
  for (const [i, discard] of discards.entries()) alone.push(...(await rows(`alone${i}`, [discard])));
  expect(together.toSorted()).toEqual(alone.toSorted());
  const perf = parseCsv(readFileSync(join(folder, 'together', 'perf.csv'), 'utf8'), 'perf.csv').rows;
  expect(perf.filter(({ wall_ns }) => wall_ns !== '0')).toHaveLength(2);
});
