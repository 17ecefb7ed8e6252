import type { CellReport, Finding, Report, TimeReport } from '../gate/report.js';

/** A finding of a report. */
export function found(level: Finding['level'], kind: Finding['kind'], text: string): Finding {
  return { level, kind, text, size: 1 };
}

/** A cell of a report. */
export function cell(discard: string, findings: readonly Finding[]): CellReport {
  const identity = {
    ...{ trace: 'zipf:pages=50', replicate: '1', machine: 'sim', backing: 'recorded' },
    ...{ limit: 'none', memory: 'none' },
    ...{
      swap: 'ssd',
      oom: 'end',
      discard,
      reclaim: 'linux',
      merge: 'none',
      purge: 'range-lru',
      controller: 'none',
      seed: '1',
    },
    cpus: '1',
    clock: 'open',
    thp: 'never',
    readahead: 'off',
  };
  const pgfault = { metric: 'pgfault', unit: 'count', better: 'lower' } as const;
  const saved = { metric: 'saved_pages_mean', unit: 'pages', better: 'higher' } as const;
  const stall = { metric: 'stall_ns', unit: 'ns', better: 'lower' } as const;
  const pgactivate = { metric: 'pgactivate', unit: 'pages', better: 'neither' } as const;
  return {
    name: `zipf:pages=50 limit=none swap=ssd discard=${discard} seed=1`,
    label: `zipf:pages=50 discard=${discard}`,
    trace: 'zipf:pages=50',
    identity,
    compared: 3,
    findings,
    reproduce:
      findings.length > 0
        ? [
            'reclaim trace generate zipf zipf.rtrace --param pages=50 --seed 1',
            `reclaim replay zipf.rtrace --limit none --swap ssd --discard ${discard} --seed 1`,
          ]
        : [],
    baseline: [
      { ...pgfault, value: 100 },
      { ...saved, value: 20.5 },
      { ...stall, value: 503, draws: [500, 502, 507] },
      { ...pgactivate, value: 7 },
    ],
    candidate: [
      { ...pgfault, value: 120 },
      { ...saved, value: 20.5 },
      { ...stall, value: 603, draws: [600, 602, 607] },
      { ...pgactivate, value: 8 },
    ],
  };
}

/** A time that grew. */
export const slower: TimeReport = {
  name: 'policies/zipf/lru',
  baseline: [100e6, 101e6, 99e6, 100e6],
  candidate: [110e6, 111e6, 109e6, 110e6],
  change: 0.1,
  p: 2 / 70,
  noise: 0.021,
  findings: [found('failure', 'slower', '+10.0 % (p = 0.029, noise 2.1 %)')],
};

/** A report in which something of each kind was found. */
export const REPORT: Report = {
  verdict: 'fail',
  strict: false,
  baseline: { folder: 'base', version: '0.1.0', commit: 'c0ffeec0ffeec0ffee', host: 'abc' },
  candidate: { folder: 'head', version: '0.2.0', commit: undefined, host: 'abc' },
  compared: { cells: 2, values: 6, times: 1 },
  general: [
    found('warning', 'version-changed', 'version of the program: 0.1.0 → 0.2.0'),
    found('notice', 'not-compared', 'wall times of 1 of 2: fewer than 4 samples a side'),
  ],
  cells: [
    cell('punch:lookup=1', [
      found('failure', 'worse', 'pgfault 100 → 120 (+20 %)'),
      ...Array.from({ length: 6 }, (_, i) => found('failure', 'changed', `column_${i} <1> & "2" → 50%, 3`)),
    ]),
    cell('keep', []),
  ],
  times: [
    slower,
    {
      name: 'text/scan',
      baseline: [5],
      candidate: [6],
      notCompared: 'fewer than 4 samples a side',
      findings: [],
    },
  ],
};

/** A report in which nothing was found. */
export const PASSED: Report = {
  ...REPORT,
  verdict: 'pass',
  general: [],
  cells: [cell('keep', [])],
  times: [],
  compared: { cells: 1, values: 3, times: 0 },
};
