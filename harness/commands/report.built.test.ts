import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CliFolder } from '../testing/cli-folder.js';
import { sealResults, writeComparison } from '../testing/results.js';

const cli = new CliFolder('one process');

beforeAll(() => {
  mkdirSync(join(cli.path, 'made'));
  writeComparison(join(cli.path, 'made'));
});

describe('reclaim report', () => {
  it('draws what compare wrote, and says what it leaves out', () => {
    expect(cli.run('compare', 'e.yaml', '--out', 'out', '--heatmap', '--no-report', '--quiet').code).toBe(0);
    const { code, stdout, stderr } = cli.run('report', 'out', '--format', 'svg');
    expect(code).toBe(0);
    expect(stderr).toContain('skipped ksm-saving: no page was merged\n');
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^Figures: out\/figures \(\d+, as SVG, Vega-Lite, TeX\)$/);
    expect(lines.at(-1)).toBe(`Report: ${join('out', 'report.html')}`);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    // All figures are named once, and the files are the ones that the first line speaks of.
    const names = lines.slice(1, -1).join(' ').trim().split(/, +/);
    expect(lines[0]).toContain(`(${names.length}, `);
    expect(names).toEqual(expect.arrayContaining(['glance', 'memory', 'heat-map']));
    const endings = ['.svg', '.vl.json', '.tex', '.txt'];
    expect(readdirSync(join(cli.path, 'out', 'figures')).sort()).toEqual(
      names.flatMap((name) => endings.map((ending) => `${name}${ending}`)).sort(),
    );
  });

  it('leaves report.html out where there is no comparison', () => {
    mkdirSync(join(cli.path, 'misses'));
    cli.write(
      join('misses', 'mrc.csv'),
      'policy,params,size_pages,requests,misses,miss_ratio,backend\nlru,,1,9,9,1,js\n',
    );
    const { code, stdout, stderr } = cli.run('report', 'misses', '--format', 'svg');
    expect(code).toBe(0);
    expect(stderr).toContain('skipped report.html: there is no runs.csv with rows\n');
    expect(stdout).not.toContain('report.html');
  });

  it('draws the figures named', () => {
    const { code, stdout, stderr } = cli.run(
      'report',
      'made',
      '--figure',
      'stalls,swap',
      '--format',
      'pdf',
      '--width',
      'page',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe('Figures: made/figures (2, as PDF, Vega-Lite, TeX)\n  stalls-web, swap-web\n');
  });

  it('takes miss ratios from a file elsewhere', () => {
    cli.write(
      'm.csv',
      'policy,params,size_pages,requests,misses,miss_ratio\nlru,,1,9,9,1\nlru,,10,9,3,0.333333\n',
    );
    expect(
      cli.run('report', 'made', '--figure', 'miss-ratio', '--mrc', 'm.csv', '--format', 'svg').code,
    ).toBe(0);
    const text = readFileSync(join(cli.path, 'made', 'figures', 'miss-ratio.txt'), 'utf8');
    expect(text).toMatch(/data: mrc.csv, sha256 [0-9a-f]{64}/);
  });

  it.each([
    [['none'], 'none: no such folder'],
    [['.'], '.: no results in it, expected a folder with runs.csv, perf.csv, mrc.csv'],
    [['made', '--figure', 'stall'], 'unknown figure "stall", expected one of glance'],
    [['made', '--figure', 'ksm-saving'], 'figure ksm-saving: no page was merged'],
    [['made', '--format', 'gif'], 'unknown format "gif", expected one of pdf, svg, png'],
    [['made', '--mrc', 'none.csv'], 'none.csv: no such file'],
  ])('refuses %j', (args, message) => {
    const { code, stdout, stderr } = cli.run('report', ...args, '--quiet');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`reclaim: ${message}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('refuses results that were edited', () => {
    mkdirSync(join(cli.path, 'changed'));
    writeComparison(join(cli.path, 'changed'));
    const path = join(cli.path, 'changed', 'runs.csv');
    writeFileSync(path, readFileSync(path, 'utf8').replace(',recorded,768p,768,', ',recorded,768p,769,'));
    const { code, stderr } = cli.run('report', 'changed');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/runs\.csv: changed since it was written: its SHA-256/),
    ]);
  });

  it('names the line of a wrong file', () => {
    mkdirSync(join(cli.path, 'edited'));
    writeComparison(join(cli.path, 'edited'));
    const path = join(cli.path, 'edited', 'runs.csv');
    writeFileSync(path, readFileSync(path, 'utf8').replace(',recorded,768p,768,', ',recorded,768p,76B,'));
    sealResults(join(cli.path, 'edited'));
    const { code, stderr } = cli.run('report', 'edited');
    expect(code).toBe(2);
    expect(stderr).toContain(
      `reclaim: ${join('edited', 'runs.csv')}:7: limit_pages is "76B", expected a number, nothing or trace\n`,
    );
    expect(existsSync(join(cli.path, 'edited', 'report.html'))).toBe(false);
  });
});
