import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import type { CellReport, Finding, Report, TimeReport } from '../report.js';
import { FORMATS, formatNamed } from './registry.js';
import { element } from './xml.js';

function found(level: Finding['level'], kind: Finding['kind'], text: string): Finding {
  return { level, kind, text, size: 1 };
}

function cell(discard: string, findings: readonly Finding[]): CellReport {
  const identity = {
    ...{ trace: 'zipf:pages=50', replicate: '1', machine: 'sim', backing: 'recorded' },
    ...{ limit: 'none', memory: 'none' },
    ...{ swap: 'ssd', discard, reclaim: 'linux', merge: 'none', purge: 'range-lru', seed: '1' },
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

const slower: TimeReport = {
  name: 'policies/zipf/lru',
  baseline: [100e6, 101e6, 99e6, 100e6],
  candidate: [110e6, 111e6, 109e6, 110e6],
  change: 0.1,
  p: 2 / 70,
  noise: 0.021,
  findings: [found('failure', 'slower', '+10.0 % (p = 0.029, noise 2.1 %)')],
};

const REPORT: Report = {
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

const PASSED: Report = {
  ...REPORT,
  verdict: 'pass',
  general: [],
  cells: [cell('keep', [])],
  times: [],
  compared: { cells: 1, values: 3, times: 0 },
};

describe('output formats', () => {
  for (const { name, file, text } of FORMATS) {
    it(`${name} is that of the golden file`, async () => {
      const golden = packageFile('harness', 'gate', 'formats', 'golden', file);
      await expect(text(REPORT)).toMatchFileSnapshot(golden);
    });
  }

  it('have names, files and lines of their own', () => {
    for (const key of ['name', 'file', 'about'] as const)
      expect(new Set(FORMATS.map((format) => format[key])).size).toBe(FORMATS.length);
    for (const { file } of FORMATS) expect(basename(file)).toBe(file);
    expect(() => formatNamed('yaml')).toThrow(/unknown format "yaml", expected one of table, markdown/);
  });

  it('say that all is well', () => {
    const said = (name: string) => formatNamed(name).text(PASSED);
    expect(said('table')).toMatch(/\n\npass: 1 cell compared; no differences\n$/);
    expect(said('markdown')).toMatch(/^### ✅ reclaim gate\n\npass: /);
    expect(said('junit')).toContain('tests="2" failures="0"');
    expect(said('github')).toBe('pass: 1 cell compared; no differences\n');
    expect(JSON.parse(said('json'))).toMatchObject({ verdict: 'pass', cells: [], general: [] });
  });

  it('are what the tools take', () => {
    const entries = [
      ...JSON.parse(formatNamed('customSmallerIsBetter').text(REPORT)),
      ...JSON.parse(formatNamed('customBiggerIsBetter').text(REPORT)),
    ];
    for (const entry of entries) {
      expect([typeof entry.name, typeof entry.unit, typeof entry.value]).toEqual([
        'string',
        'string',
        'number',
      ]);
    }
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    const bencher: Record<string, Record<string, { value: number }>> = JSON.parse(
      formatNamed('bencher').text(REPORT),
    );
    for (const [name, measures] of Object.entries(bencher)) {
      expect(name.length).toBeLessThanOrEqual(1024);
      for (const [slug, { value }] of Object.entries(measures)) {
        expect(slug).toMatch(/^[a-z0-9-]{1,64}$/);
        expect(typeof value).toBe('number');
      }
    }
    for (const line of formatNamed('benchstat').text(REPORT).split('\n'))
      expect(line).toMatch(/^$|^side: \w+$|^Unit \S+( \w+=\w+)+$|^Benchmark\S+ 1( [\d.e+-]+ \S+)+$/);
  });

  it('of Bencher have a benchmark for each of two names that differ beyond its limit', () => {
    const long = 'x'.repeat(10_000);
    const cells = ['a', 'b'].map((end) => ({ ...REPORT.cells[0]!, name: long + end }));
    const names = Object.keys(
      JSON.parse(formatNamed('bencher').text({ ...REPORT, cells, times: [] })) as object,
    );
    expect(names.map((name) => name.length)).toEqual([1024, 1024]);
  });

  it('fail for warnings when strict', () => {
    const warned = {
      ...PASSED,
      verdict: 'fail',
      strict: true,
      cells: [cell('keep', [found('warning', 'better', 'x')])],
    } as const;
    expect(formatNamed('junit').text(warned)).toContain('failures="1"');
    expect(formatNamed('table').text(warned)).toContain('(strict: warnings fail)');
  });

  it('mention no one in Markdown, and end no cell of a table', () => {
    const label = '@org/team #12 | </details> `x` **b** a@b.c';
    const text = formatNamed('markdown').text({
      ...REPORT,
      cells: [{ ...REPORT.cells[0]!, label }],
      times: [{ ...slower, name: label }],
    });
    const shown = '@&#8203;org/team \\#&#8203;12 \\| \\</details\\> \\`x\\` \\*\\*b\\*\\* a@&#8203;b.c';
    expect(text).toContain(`#### ${shown}\n`);
    expect(text).toContain(`| ${shown} |`);
    expect(text).not.toContain(label);
  });

  it('count what they do not show', () => {
    const many = { ...REPORT, cells: Array.from({ length: 15 }, () => REPORT.cells[0]!) };
    expect(formatNamed('table').text(many)).toContain('and 5 more cells (--format json has all)');
    expect(formatNamed('markdown').text(many)).toContain('and 5 more cells');
    const errors = formatNamed('github')
      .text(many)
      .split('\n')
      .filter((line) => line.startsWith('::error'));
    expect(errors).toHaveLength(10);
    expect(errors[9]).toMatch(/::and 7 more; /);
  });
});

describe('XML', () => {
  it('is escaped, and has no characters that it cannot have', () => {
    expect(element('a', { b: '<&">\n\t', c: '\u0000\u001b\ud800x\ufffe😀' })).toBe(
      '<a b="&lt;&amp;&quot;&gt;&#10;&#9;" c="\ufffd\ufffd\ufffdx\ufffd😀"/>',
    );
  });
});
