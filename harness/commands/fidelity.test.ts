import { describe, expect, it } from 'vitest';
import type { TargetInfo } from '../contract/target.js';
import { loadCosts } from '../cost/table.js';
import { compareTrace } from '../live/fidelity/compare.js';
import { type Snapshot, snapshotDifferences } from '../live/fidelity/snapshot.js';
import type { LiveMachine } from '../live/machine.js';
import { hypervisorOf, modelOf, swapKinds } from '../live/probes.js';
import { checkSetup } from '../live/setup.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { MODEL_PROBES } from '../testing/probes.js';
import { timed } from '../testing/traces.js';
import { fidelityRows, fidelityText, isOutside } from './fidelity-text.js';

const PAGES: Snapshot = {
  resident: 5,
  spaces: new Map([[1, 3]]),
  objects: new Map([['a', 2]]),
};

describe('snapshots', () => {
  it('that are equal have no differences; others a line for each', () => {
    expect(snapshotDifferences(PAGES, { ...PAGES })).toEqual([]);
    const other: Snapshot = { resident: 6, spaces: new Map([[2, 1]]), objects: new Map([['a', 4]]) };
    expect(snapshotDifferences(PAGES, other)).toEqual([
      'resident pages: simulated 5, live 6',
      'pages of space 1: simulated 3, live 0',
      'pages of space 2: simulated 0, live 1',
      'pages of object a: simulated 2, live 4',
    ]);
  });
});

/** A live machine that refuses everything. */
const REFUSING: TargetInfo<LiveMachine> = {
  name: 'vm',
  summary: '',
  create: (setup) => {
    checkSetup({ ...setup, memory: 100 });
    throw new Error('not refused');
  },
};

describe('a comparison', () => {
  it('that the live machine refuses is one row, with the reason', async () => {
    const live = { machine: REFUSING, probes: MODEL_PROBES, stats: 'kernel', runs: 3 } as const;
    const setting = {
      discard: discardPolicies.choose('keep'),
      reclaim: reclaimPolicies.choose('linux'),
      swap: 'none',
      readahead: 'off',
      limit: 'none',
    } as const;
    const compared = await compareTrace(timed(['spawn,1,,,']), 't', setting, live, loadCosts());
    expect(compared.rows).toHaveLength(1);
    expect(compared.rows[0]).toMatchObject({ verdict: 'n/a', metric: 'all', live_min: null });
    expect(compared.rows[0]!.reason).toMatch(/expected --memory none/);
  });

  it('is shown with the probes, as a table, JSON or Markdown', () => {
    const probes = { ...MODEL_PROBES, kernel: '6.1.0', cgroup: 'v1' };
    const row = {
      trace: 't',
      discard: 'keep',
      reclaim: 'linux',
      merge: 'none',
      controller: 'none',
      swap: 'zram',
      thp: 'never',
      readahead: 'off',
      limit: 100,
      metric: 'pgmajfault',
      simulated: 100,
      live_min: 100,
      live_max: 103,
      live: [100, 100, 103],
      humps: 2,
      difference: 3,
      bound: '±1.5 %',
      verdict: 'within',
      reason: null,
    } as const;
    const compared = [{ rows: [row, { ...row, verdict: 'outside' as const }], differences: ['at end: x'] }];
    const kernels = [{ machine: 'vm', cgroup: 'v1', probes, compared }];
    expect(isOutside(kernels)).toBe(true);
    expect(fidelityText(kernels, 'table')).toMatch(
      /kernel: 6\.1\.0[\s\S]*cgroup: v1[\s\S]*t, keep, limit 100 pages, swap zram, reclaim linux[\s\S]*two humps: 100, 100, 103[\s\S]*at end: x\n\n2 rows: 0 the same, 1 within their bound, 1 outside/,
    );
    expect(JSON.parse(fidelityText(kernels, 'json'))).toEqual({
      machine: 'vm',
      cgroup: 'v1',
      probes,
      rows: compared[0]!.rows,
      differences: ['at end: x'],
    });
    expect(fidelityText(kernels, 'markdown')).toContain(
      '| t | keep | linux | none | none | zram | never | off | 100p | pgmajfault | 100 | 100 | 103 | 3 | ±1.5 % | within | two humps: 100, 100, 103 |',
    );
    const controlled = { ...row, limit: null, controller: 'senpai:probe=1' };
    const alone = [
      { machine: 'vm', cgroup: 'v2', probes, compared: [{ rows: [controlled], differences: [] }] },
    ];
    expect(fidelityText(alone, 'table')).toContain(
      't, keep, no limit, swap zram, reclaim linux, controller senpai:probe=1\n',
    );
    expect(fidelityRows(kernels)[0]).toMatchObject({ kernel: '6.1.0', limit_pages: 100, runs: 3, humps: 2 });
  });
});

describe('what a kernel is', () => {
  it('chooses the model that is nearest, and not newer', () => {
    const releases = ['5.15.0', '6.1.0-50-cloud-amd64', '6.8.0', '6.12.3', '6.18.44-fc', '7.0.0', '7.2.13'];
    expect(releases.map(modelOf)).toEqual(['6.1', '6.1', '6.6', '6.12', '6.18', '6.18', '7.2']);
  });

  it('is read from what it says', () => {
    expect(hypervisorOf('flags\t\t: fpu vme\n', 'Standard PC')).toBe('none');
    expect(hypervisorOf('flags\t\t: fpu hypervisor lm\n', 'Standard PC')).toBe('Standard PC');
    expect(hypervisorOf('flags\t\t: fpu hypervisor\n', '?')).toBe('yes, of an unknown kind');
    expect(swapKinds('Filename Type Size Used Priority\n')).toBe('none');
    expect(swapKinds('Filename Type\n/dev/zram0 partition 1 0 100\n')).toBe('/dev/zram0');
  });
});
