import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Suite } from '../bench/case.js';
import { PERF_COLUMNS } from '../metrics/files.js';
import { reclaim } from '../testing/cli.js';
import { compareBuilds } from './bench-against.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-against-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As few as there may be: each is a process. */
const SAMPLES = 4;
const CASE = 'twins/lru';
const suite: Suite = {
  name: 'twins',
  about: 'a suite with two sides',
  versus: { run: 'js', against: 'c', target: 2.5 },
  cases: [],
};

/**
 * A build whose `bench` writes made-up times: those of its first and of its second run. Keeps how it was called in `log`.
 */
function build(name: string, firstNs: number, secondNs: number, code = 0): string {
  const file = join(folder, `${name}.mjs`);
  const script = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const args = process.argv.slice(2);
const out = args[args.indexOf('--out') + 1];
const filtered = args.includes('--filter');
appendFileSync(${JSON.stringify(join(folder, 'log'))}, '${name} ' + args.filter((arg) => arg !== out).join(' ') + '\\n');
const calls = readFileSync(${JSON.stringify(join(folder, 'log'))}, 'utf8').split('\\n').length;
const ns = (filtered ? ${secondNs} : ${firstNs}) + calls % 7;
const row = (name, wall) => [name, 1, wall, 9, 1, '0', 'host', 'c', 1, 1, 'o', 'n', 'v'].join(',');
writeFileSync(join(out, 'perf.csv'), [${JSON.stringify(PERF_COLUMNS.join(','))}, row('${CASE}/js', ns), row('${CASE}/c', 5000 + calls % 7), ''].join('\\n'));
if (${code}) console.error('first line\\nwhat is wrong');
process.exit(${code});
`;
  writeFileSync(file, script);
  return file;
}

async function compare(base: string, head: string, out: string) {
  writeFileSync(join(folder, 'log'), '');
  const folders = [join(folder, out, 'base'), join(folder, out, 'head')] as const;
  const options = {
    against: 'REV',
    samples: SAMPLES,
    flags: ['--suite', 'twins', '--events', '9'],
    suites: [suite],
    out: undefined,
    quiet: true,
  };
  const report = await compareBuilds({ base, head, signal: new AbortController().signal }, folders, options);
  return { report, calls: readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n') };
}

describe('base and head in one run', () => {
  it('take turns, a process a sample', async () => {
    const { report, calls } = await compare(build('base', 10_000, 0), build('head', 10_000, 0), 'same');
    expect(report.verdict).toBe('pass');
    expect(calls.map((call) => call.split(' ')[0])).toEqual(
      Array.from({ length: SAMPLES }, () => ['base', 'head']).flat(),
    );
    expect(calls[0]).toBe('base bench --samples 1 --quiet --out --suite twins --events 9');
    expect(report.times.map(({ name, baseline }) => [name, baseline.length])).toEqual([
      [`${CASE}/js`, SAMPLES],
      [`${CASE}/c`, SAMPLES],
    ]);
  });

  it('fail when head is slower both times: what seems slower is timed again, alone', async () => {
    const { report, calls } = await compare(
      build('base', 10_000, 10_000),
      build('head', 11_000, 11_000),
      'slow',
    );
    expect(report.verdict).toBe('fail');
    expect(report.times[0]).toMatchObject({ name: `${CASE}/js`, findings: [{ kind: 'slower' }] });
    expect(calls.slice(2 * SAMPLES).map((call) => call.split(' ').slice(-2).join(' '))).toEqual(
      Array.from({ length: 2 * SAMPLES }, () => `--filter ${CASE}`),
    );
  });

  it('pass when that does not confirm it, and say so', async () => {
    const { report } = await compare(build('base', 10_000, 10_000), build('head', 11_000, 10_000), 'chance');
    expect(report.verdict).toBe('pass');
    expect(report.times.flatMap(({ findings }) => findings)).toMatchObject([{ kind: 'not-confirmed' }]);
    // The same folders, read by the gate.
    const { code, stdout } = reclaim(['gate', 'chance/base', 'chance/head'], folder);
    expect([code, stdout]).toEqual([0, expect.stringContaining('not-confirmed')]);
  });

  it('end with what is wrong with a side', async () => {
    await expect(compare(build('base', 1, 1, 2), build('head', 1, 1), 'bad')).rejects.toThrow(
      /^reclaim bench of one side ended with code 2: what is wrong$/,
    );
  });
});

describe('reclaim bench --against', () => {
  const cases: readonly (readonly [name: string, args: string[], message: RegExp])[] = [
    ['an unknown revision', ['--against', 'no-such-rev'], /--against "no-such-rev" is not a commit/],
    ['a file of a commit', ['--against', 'HEAD:README.md'], /is not a commit here/],
    ['too few samples', ['--against', 'HEAD', '--samples', '3'], /--samples is not a whole number from 4/],
  ];
  for (const [name, args, message] of cases) {
    it(`refuses ${name}`, () => {
      const { code, stdout, stderr } = reclaim(['bench', ...args, '--quiet'], folder);
      expect(stderr).toMatch(message);
      expect([code, stdout, stderr.split('\n').length]).toEqual([2, '', 2]);
    });
  }
});
