import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AXES, AXIS_NAMES, type AxisName, BASE_VALUES, perAxis } from '../metrics/axes.js';
import { DEFAULT_DRAWS } from '../metrics/draws.js';
import type { Manifest } from '../metrics/manifest.js';
import type { CellRow } from './read/runs.js';
import { reproduceCommands } from './reproduce.js';

const MANIFEST = {
  draws: DEFAULT_DRAWS,
  traces: [
    { trace: 'a', source: 'folder/a.csv' },
    {
      trace: 'zipf:pages=9,seed=2',
      source: { workload: 'zipf', params: { pages: '9' }, seed: 2 },
      replicates: [
        { replicate: 1, seed: 2 },
        { replicate: 2, seed: 345 },
      ],
    },
  ],
  costs: { file: 'my costs.json' },
  policy_modules: ['mine.mjs'],
} as unknown as Manifest;

function rowOf(trace: string, values: Readonly<Record<AxisName, string>>, replicate = '1'): CellRow {
  const axes = AXIS_NAMES.map((name) => [AXES[name].column, values[name]]);
  const identity = { trace, replicate, machine: 'sim', ...Object.fromEntries(axes) };
  return { identity } as unknown as CellRow;
}

const DEFAULTS = perAxis((name) => AXES[name].default);

/** The value of each axis that a command asks for: what its flag says, or the default. */
function askedFor(command: string): Record<AxisName, string> {
  const words = command.split(' ');
  return perAxis((name) => {
    const flag = words.indexOf(`--${name}`);
    return flag < 0 ? AXES[name].default : words[flag + 1]!;
  });
}

describe('the commands that replay a cell', () => {
  it('have no flags for what is the default', () => {
    expect(reproduceCommands(rowOf('a', DEFAULTS), MANIFEST, false)).toEqual([
      "reclaim replay folder/a.csv --costs 'my costs.json' --policy-module mine.mjs",
    ]);
  });

  it('generate the trace first, and replay the base where savings are in question', () => {
    const row = rowOf('zipf:pages=9,seed=2', {
      ...DEFAULTS,
      limit: 'none',
      memory: '400p',
      discard: 'remove',
      merge: 'ksm',
    });
    expect(reproduceCommands(row, { ...MANIFEST, costs: {} } as Manifest, true)).toEqual([
      'reclaim trace generate zipf zipf.rtrace --param pages=9 --seed 2 --policy-module mine.mjs',
      'reclaim replay zipf.rtrace --limit none --memory 400p --discard remove --merge ksm --policy-module mine.mjs',
      'reclaim replay zipf.rtrace --limit none --memory 400p --policy-module mine.mjs',
    ]);
  });

  it('generate the replicate of the cell, and book as many draws', () => {
    const row = rowOf('zipf:pages=9,seed=2', DEFAULTS, '2');
    expect(reproduceCommands(row, { ...MANIFEST, costs: {}, draws: 3 } as Manifest, false)).toEqual([
      'reclaim trace generate zipf zipf.rtrace --param pages=9 --seed 345 --policy-module mine.mjs',
      'reclaim replay zipf.rtrace --draws 3 --policy-module mine.mjs',
    ]);
  });

  it('ask for what the cell has on every axis', () => {
    const text = fc.stringMatching(/^[a-z][a-z0-9:=,%-]{0,9}$/);
    const size = fc.oneof(
      fc.constant('none'),
      fc.nat().map((pages) => `${pages}p`),
    );
    const values = fc.record(
      perAxis((name) => {
        const { kind } = AXES[name];
        if (kind === 'text') return text;
        return kind === 'whole' ? fc.nat().map(String) : size;
      }),
    );
    fc.assert(
      fc.property(values, (cell) => {
        const [own, base] = reproduceCommands(rowOf('a', cell), MANIFEST, true);
        expect(askedFor(own!)).toEqual(cell);
        expect(askedFor(base!)).toEqual({ ...cell, ...BASE_VALUES });
      }),
    );
  });
});
