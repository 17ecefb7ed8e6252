import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { loadCosts } from '../cost/table.js';
import { simulated } from '../machine/target.js';
import { AXES, AXIS_COLUMNS, AXIS_NAMES, axisInfo, NESTED_AXES, perAxis } from '../metrics/axes.js';
import { replay } from '../replay/replay.js';
import { timed } from '../testing/traces.js';
import { axisColumns, axisOptions, checkAxis, type PlannedTrace, parseAxes, parseAxis } from './axes.js';
import { type GivenAxes, planReplay } from './plan.js';

const TRACE = { peakPages: 200, pageBytes: 4096 };

describe('the table of the axes', () => {
  it('has names, columns, keys and depths that differ', () => {
    const infos = AXIS_NAMES.map(axisInfo);
    for (const field of ['column', 'key', 'depth'] as const)
      expect(new Set(infos.map((info) => info[field])).size, field).toBe(infos.length);
  });

  it('has the columns in the order of runs.csv, and nests as cells have always been numbered', () => {
    expect(AXIS_COLUMNS.join()).toBe(
      'machine,backing,limit,memory,swap,oom,discard,reclaim,merge,purge,controller,seed,cpus,clock,thp,readahead',
    );
    expect(NESTED_AXES.join()).toBe(
      'machine,backing,thp,readahead,swap,limit,memory,oom,controller,seed,cpus,clock,merge,purge,reclaim,discard',
    );
  });

  it('has defaults and base values that are values of their axes', () => {
    for (const name of AXIS_NAMES) {
      const { default: replayed, experimentDefault, base } = axisInfo(name);
      for (const text of [replayed, experimentDefault, base])
        if (text !== null && text !== undefined) expect(() => checkAxis(name, text), name).not.toThrow();
    }
  });

  it('is the table of workloads/README.md', () => {
    const rows = AXIS_NAMES.map((name) => {
      const { key, meaning, experimentDefault } = axisInfo(name);
      return `| \`${key}\` | ${meaning} | ${experimentDefault === null ? '' : `\`${experimentDefault}\` `}|\n`;
    });
    expect(readFileSync(packageFile('workloads', 'README.md'), 'utf8')).toContain(rows.join(''));
  });
});

describe('what is read ahead where nothing is asked for', () => {
  it.each<[string, Partial<PlannedTrace>, string]>([
    ['as kernels do', {}, 'kernel'],
    ['as kernels do where accesses are inferred', { touches: 'inferred' }, 'kernel'],
    ['nothing in a sample', { sample: 4 }, 'off'],
    ['nothing after first accesses', { touches: 'first-access' }, 'off'],
    ['nothing that would have to be foreseen', { foreseen: true }, 'off'],
  ])('is %s', (_name, of, expected) => {
    expect(parseAxis('readahead', AXES.readahead.default, { ...TRACE, ...of })).toBe(expected);
    expect(parseAxis('readahead', 'kernel:page_cluster=3', { ...TRACE, ...of })).toBe('kernel');
  });

  it('is nothing in a replay that foresees, which refuses it', async () => {
    const trace = timed(['spawn,1,,,', 'map,1,0,4,anon', 'write,1,0,4,']);
    const costs = loadCosts();
    const under = async (given: GivenAxes) =>
      replay(trace, { machine: simulated, ...axisOptions(await planReplay(given)(trace, costs)), costs });
    const foreseeing = { reclaim: 'opt', limit: '2p', swap: 'ssd' };
    expect((await under(foreseeing)).outcome).toBe('ok');
    await expect(under({ ...foreseeing, readahead: 'kernel' })).rejects.toThrow('expected readahead off');
  });
});

describe('a value on an axis', () => {
  const texts = { ...perAxis((name) => AXES[name].default) };

  it('is parsed: sizes to pages, policies to their canonical text', () => {
    const values = parseAxes(
      { ...texts, limit: '50%', memory: '1MiB', discard: 'punch:lookup=0', seed: '7' },
      TRACE,
    );
    expect(values).toMatchObject({
      backing: 'recorded',
      limit: 100,
      memory: 256,
      swap: 'none',
      discard: 'punch',
      reclaim: 'linux',
      merge: 'none',
      purge: 'range-lru',
      seed: 7,
    });
  });

  it('is the option of a replay of the same name', () => {
    const options = axisOptions(parseAxes({ ...texts, memory: '400', reclaim: 'lru' }, TRACE));
    expect(options).toMatchObject({
      backing: 'recorded',
      limit: 'trace',
      memory: 400,
      swap: 'none',
      seed: 1,
    });
    expect([options.reclaim.info.name, options.discard.info.name]).toEqual(['lru', 'keep']);
    expect(axisOptions(parseAxes(texts, TRACE)).memory).toBeUndefined();
  });

  it('is a field of runs.csv: a size as asked for, and in pages, empty for none, trace for the limit of the trace', () => {
    expect(axisColumns(parseAxes(texts, TRACE))).toMatchObject({
      ...{ limit: 'trace', limit_pages: 'trace' },
      ...{ memory: 'none', memory_pages: null },
    });
    expect(axisColumns(parseAxes({ ...texts, limit: 'none', memory: '9' }, TRACE))).toMatchObject({
      ...{ limit: 'none', limit_pages: null },
      ...{ memory: '9p', memory_pages: 9 },
    });
    expect(axisColumns(parseAxes({ ...texts, limit: '50.0%', memory: '1MiB' }, TRACE))).toMatchObject({
      ...{ limit: '50%', limit_pages: 100 },
      ...{ memory: '1MiB', memory_pages: 256 },
    });
  });

  const wrong = [
    ['backing', 'paper', /unknown backing "paper", expected one of recorded, anon, shmem/],
    ['limit', 'half', /"half" is not a size/],
    ['memory', 'trace', /"trace" is not a size/],
    ['swap', 'tape', /unknown kind of swap "tape"/],
    ['discard', 'remov', /unknown discard policy "remov".*did you mean remove/],
    ['reclaim', 'lru:a=1', /unknown parameter of reclaim policy lru "a"/],
    ['merge', '', /"" is not a policy/],
    ['purge', 'lru', /unknown purge policy "lru"/],
    ['seed', '2147483648', /seed "2147483648" is not a whole number from 0 to 2147483647/],
    ['seed', '1.5', /seed "1.5" is not a whole number/],
  ] as const;
  for (const [name, text, message] of wrong) {
    it(`is refused: ${name} ${text}`, () => {
      expect(() => parseAxis(name, text, TRACE)).toThrow(message);
      expect(() => planReplay({ [name]: text } as GivenAxes)).toThrow(message);
    });
  }
});
