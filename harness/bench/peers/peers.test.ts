import { describe, expect, it } from 'vitest';
import type { BenchCase, BenchResult, Suite } from '../case.js';
import { timeProgram } from './program.js';
import { peersText } from './table.js';

function result(name: string, cpu: readonly (readonly [number, number])[]): BenchResult {
  const side = (at: 0 | 1) => ({
    wallNs: cpu.map((pair) => 2e9 * pair[at]!),
    cpuNs: cpu.map((pair) => 1e9 * pair[at]!),
    undisturbedNs: 0,
  });
  return { name, events: 1, ...side(0), against: side(1), remark: '50.00 %' };
}

function suiteOf(...cases: readonly Pick<BenchCase, 'name' | 'target' | 'judged'>[]): Suite {
  const made = cases.map((some) => ({ ...some, events: 1, run: async () => undefined }));
  return { name: 'peers', about: '', cases: made };
}

describe('the table of peers', () => {
  const results = [
    result('peers/a', [
      [1, 4],
      [2, 4],
      [3, 4],
    ]),
    result('peers/b', [[3, 4]]),
  ];

  it('has medians of pairs with their spread, and what takes more than is wanted', () => {
    const suite = suiteOf(
      { name: 'peers/a', target: 0.6, judged: 'cpu' },
      { name: 'peers/b', target: 0.7, judged: 'wall' },
    );
    const text = peersText(suite, results);
    expect(text).toMatch(
      /peers\/a │ +3 │ +2\.00 │ +4\.00 │ +0\.50 │ +0\.25–0\.75 │ +0\.50 │ +0\.25–0\.75 │ +CPU 0\.6 │/,
    );
    expect(text).toContain(
      '1 of 2 take no more than is wanted, by the medians of their pairs\npeers/b: 0.75 of its wall time, wanted 0.7',
    );
  });

  it('judges no other numbers of requests', () => {
    const text = peersText(suiteOf({ name: 'peers/a' }, { name: 'peers/b' }), results);
    expect(text).toContain('what is wanted holds for 1000000 and 20000000 requests');
  });
});

describe('a timed program', () => {
  it('has its output, and the CPU time of it and of what it starts', async () => {
    const script =
      'console.log(7); const end = process.cpuUsage().user + 60_000; while (process.cpuUsage().user < end);';
    const { stdout, cpuNs, wallNs } = await timeProgram(process.execPath, ['-e', script], '.');
    expect(stdout).toBe('7\n');
    expect(cpuNs).toBeGreaterThan(5e7);
    expect(wallNs).toBeGreaterThan(5e7);
  });

  it('must end well', async () => {
    await expect(timeProgram('sh', ['-c', 'echo no such trace >&2; exit 4'], '.')).rejects.toThrow(
      'sh ended with exit code 4: no such trace',
    );
  });
});
