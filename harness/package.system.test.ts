import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT, packageFile } from './base/package-root.js';
import { EXAMPLES } from './commands/examples.js';
import { cannot, mustRun, runProgram } from './testing/system.js';

const CONSUMER = `import { BlockBuilder, InputError, loadTrace, METRICS, replayTrace, TRAIT, writeTrace } from 'reclaim-bench';
import type { DiscardPolicyInfo, Pages, ReclaimPolicyInfo, Trace, TraceSource } from 'reclaim-bench';

const trace: Trace = await loadTrace('chromium-drops');
const result = await replayTrace(trace, { discard: 'remove', swap: 'ssd', limit: 100_000 });
const peak: number | string | null | undefined = result.metrics.resident_pages_peak;
if (peak !== 100_000) throw new Error(\`peak \${peak}\`);

const keep: DiscardPolicyInfo = {
  name: 'mine', summary: 'does nothing', source: 'me', parameters: {},
  create: ({ kernel }) => ({ discard: (range) => void kernel.madvise(range, 'MADV_DONTNEED'), unpin() {}, pin() {} }),
};
const never: ReclaimPolicyInfo = {
  name: 'never', summary: 'evicts nothing', source: 'me', complexity: 'O(1)', parameters: {},
  create: (pages: Pages) => ({
    evict: () => (pages.traits[0] ?? 0) & TRAIT.lazyfree & 0, insert() {}, reject() {}, remove() {}, resize() {}, grow() {}, counters: { pgscan: 0 },
  }),
};
const builder = new BlockBuilder();
builder.add(0, 'spawn', { space: 1 });
const source: TraceSource = { meta: trace.meta, strings: builder.strings, blocks: () => [builder.take()] };
await writeTrace(source, 'own.csv', 'text');
await loadTrace('none.csv').then(() => { throw new Error('no error'); }, (error: unknown) => { if (!(error instanceof InputError)) throw error; });
console.log([keep.name, never.name, METRICS.length > 80].join(' '));
`;

let folder: string;
let consumer: string;
let missing: string | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-package-'));
  consumer = join(folder, 'consumer');
  mkdirSync(consumer);
  writeFileSync(
    join(consumer, 'package.json'),
    '{ "name": "consumer", "version": "1.0.0", "type": "module" }',
  );
  mustRun('npm', ['pack', '--silent', '--pack-destination', folder], PACKAGE_ROOT);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  const installed = runProgram('npm', ['install', '--silent', join(folder, tarball)], consumer);
  if (installed.code !== 0)
    missing = cannot(
      `npm cannot install the package's dependencies here: ${installed.stderr.split('\n')[0]}`,
    );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of what ships with the package: a recording and a workload. */
const EXPERIMENT = `name: drops
families:
  browser: [chromium-drops, { workload: discardable }]
discard: [keep, remove]
limits: [50%]
`;

describe('the packed package, installed in an empty folder', () => {
  const bin = () => join(consumer, 'node_modules', '.bin', 'reclaim');

  it('has a man page of each command, with its flags and its example', ({ skip }) => {
    if (missing) skip(missing);
    const man = join(consumer, 'node_modules', 'reclaim-bench', 'man');
    for (const command of Object.keys(EXAMPLES)) {
      const page = readFileSync(join(man, `reclaim-${command.replace(' ', '-')}.1`), 'utf8');
      expect(page).toMatch(/^\.TH RECLAIM-/);
      const help = mustRun(bin(), [...command.split(' '), '--help'], consumer);
      const options = help.slice(help.indexOf('\nOptions:')).split('\n\n', 1)[0]!;
      const flags = options.match(/^ {2,6}(?:-\w, )?--[\w-]+/gm)!;
      for (const flag of flags) expect(page).toContain(`.B ${flag.trim().replaceAll('-', '\\-')}\n`);
      expect(page).toContain('.SH EXAMPLES');
    }
  });

  it('has its command line', ({ skip }) => {
    if (missing) skip(missing);
    expect(mustRun(bin(), ['--help'], consumer)).toContain('reclaim compare');
    writeFileSync(join(consumer, 'drops.yaml'), EXPERIMENT);
    const text = mustRun(bin(), ['compare', 'drops.yaml', '--out', 'drops', '--quiet'], consumer);
    expect(text).toMatch(/^Use: memory saved and stalls added, against keep/);
    for (const name of ['runs.csv', 'report.html'])
      expect(existsSync(join(consumer, 'drops', name)), name).toBe(true);
    const figures = mustRun(bin(), ['report', 'drops', '--figure', 'memory', '--quiet'], consumer);
    expect(figures).toMatch(/^Figures: .*figures \(\d+, as PDF, SVG, /m);
  });

  it('type-checks strictly, without types of Node or of its dependencies', ({ skip }) => {
    if (missing) skip(missing);
    writeFileSync(join(consumer, 'consumer.mts'), CONSUMER.replace('console.log', 'void '));
    const compilerOptions = {
      noEmit: true,
      strict: true,
      target: 'es2023',
      module: 'nodenext',
      types: [],
      skipLibCheck: false,
    };
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['consumer.mts'] }),
    );
    const { code, stdout } = runProgram(
      packageFile('node_modules', '.bin', 'tsc'),
      ['--project', '.'],
      consumer,
    );
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });

  it('runs', ({ skip }) => {
    if (missing) skip(missing);
    const plain = CONSUMER.replace(/^import type .*$/m, '')
      .replace(/(const \w+): [^=]+ =/g, '$1 =')
      .replace('(pages: Pages)', '(pages)')
      .replace('(error: unknown)', '(error)');
    writeFileSync(join(consumer, 'consumer.mjs'), plain);
    expect(mustRun(process.execPath, ['consumer.mjs'], consumer)).toBe('mine never true\n');
  });

  it('has no path of this machine and no tests in it', ({ skip }) => {
    if (missing) skip(missing);
    const files = readdirSync(join(consumer, 'node_modules', 'reclaim-bench'), {
      recursive: true,
      encoding: 'utf8',
    });
    expect(files.filter((name) => /\.test\.|testing/.test(name))).toEqual([]);
    for (const name of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'traces/manifest.json',
      'harness/cost/default.json',
      'harness/report/font/LiberationSans-Regular.ttf',
      'harness/report/font/LICENSE',
      'harness/bench/twins/twin.h',
      'harness/bench/twins/lru.c',
    ])
      expect(files).toContain(name);
  });
});

describe('installing without what builds', () => {
  it('does not break what is built', ({ skip }) => {
    if (missing) skip(missing);
    const copy = join(folder, 'copy');
    mustRun('git', ['clone', '--quiet', PACKAGE_ROOT, copy], folder);
    mustRun('cp', ['-r', packageFile('dist'), join(copy, 'dist')], folder);
    for (const flags of [['--omit=dev'], ['--ignore-scripts'], ['--omit=dev', '--ignore-scripts']]) {
      mustRun('npm', ['ci', '--silent', ...flags], copy);
      expect(mustRun(process.execPath, ['dist/harness/cli.js', '--version'], copy)).toMatch(/^\d+\./);
    }
  });
});
