import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PACKAGE_ROOT, packageFile } from './base/package-root.js';
import { EXAMPLES } from './commands/examples.js';
import { apiExamples } from './testing/api-examples.js';
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
/** A program that uses the package. */
let consumer: string;
/** One that has it without what draws figures. */
let lean: string;
let missing: string | undefined;

/** Installs the packed package for a new program. Sets `missing` where npm cannot. */
function install(name: string, ...flags: string[]): string {
  const program = join(folder, name);
  mkdirSync(program);
  writeFileSync(
    join(program, 'package.json'),
    '{ "name": "consumer", "version": "1.0.0", "type": "module" }',
  );
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))!;
  const { code, stderr } = runProgram(
    'npm',
    ['install', '--silent', ...flags, join(folder, tarball)],
    program,
  );
  if (code !== 0)
    missing ??= cannot(`npm cannot install the package's dependencies here: ${stderr.split('\n')[0]}`);
  return program;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-package-'));
  mustRun('npm', ['pack', '--silent', '--pack-destination', folder], PACKAGE_ROOT);
  consumer = install('consumer');
  lean = install('lean', '--omit=optional');
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

  it('type-checks strictly with its examples, without types of Node or of its dependencies', ({ skip }) => {
    if (missing) skip(missing);
    // What examples use of Node.
    const node =
      "declare module 'node:fs' { export function writeFileSync(file: string, text: string): void }\n";
    writeFileSync(join(lean, 'node.d.ts'), node);
    for (const [i, { code }] of apiExamples().entries()) writeFileSync(join(lean, `example-${i}.mts`), code);
    // Nor those of what is left out.
    writeFileSync(join(lean, 'consumer.mts'), CONSUMER.replace('console.log', 'void '));
    const compilerOptions = {
      noEmit: true,
      strict: true,
      target: 'es2023',
      module: 'nodenext',
      types: [],
      skipLibCheck: false,
    };
    writeFileSync(
      join(lean, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['*.mts', 'node.d.ts'] }),
    );
    const { code, stdout } = runProgram(packageFile('node_modules', '.bin', 'tsc'), ['--project', '.'], lean);
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

  it('has what its README leads to', ({ skip }) => {
    if (missing) skip(missing);
    const installed = join(consumer, 'node_modules', 'reclaim-bench');
    const links = [
      ...readFileSync(join(installed, 'README.md'), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g),
    ].map((link) => link[1]!);
    expect(links.length).toBeGreaterThan(15);
    expect(links.filter((link) => !existsSync(join(installed, link)))).toEqual([]);
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

/** The sizes of the files below a folder together, in MiB. */
function mebibytes(of: string): number {
  const names = readdirSync(of, { recursive: true, encoding: 'utf8' });
  return names.reduce((sum, name) => sum + statSync(join(of, name)).size, 0) / 1024 ** 2;
}

describe('the package without its optional dependencies', () => {
  const run = (...args: string[]) => runProgram(join(lean, 'node_modules', '.bin', 'reclaim'), args, lean);
  const LACKS = 'pdfkit, vega and vega-lite are not installed (npm install --include=optional adds them)';

  it('takes at most 40 MiB, besides the traces', ({ skip }) => {
    if (missing) skip(missing);
    const modules = join(lean, 'node_modules');
    expect(mebibytes(modules) - mebibytes(join(modules, 'reclaim-bench', 'traces'))).toBeLessThan(40);
    expect(existsSync(join(modules, 'vega'))).toBe(false);
  });

  it('compares and writes report.html, and says which figures are left out', ({ skip }) => {
    if (missing) skip(missing);
    writeFileSync(join(lean, 'drops.yaml'), EXPERIMENT);
    const compared = run('compare', 'drops.yaml', '--out', 'drops', '--quiet');
    expect([compared.code, compared.stderr]).toEqual([
      0,
      `left out 2 figures (glance, saving-stall): ${LACKS}\n`,
    ]);
    expect(compared.stdout).toMatch(/^Use: memory saved[\s\S]*\nReport: drops\/report\.html\n$/);
    expect(readFileSync(join(lean, 'drops', 'report.html'), 'utf8')).toContain(LACKS);
    const reported = run('report', 'drops', '--quiet');
    expect([reported.code, reported.stdout]).toEqual([0, 'Report: drops/report.html\n']);
    expect(reported.stderr).toMatch(/^left out \d+ figures \(glance, memory, .*adds them\)\n$/);
  });

  it('does all else that needs no figure', ({ skip }) => {
    if (missing) skip(missing);
    for (const args of [
      ['replay', 'mariadb-resize'],
      ['mrc', 'mariadb-resize', '--policy', 'lru'],
      ['diff', 'drops', 'drops'],
      ['diff', 'drops', 'drops', '--format', 'html'],
      ['gate', 'drops', 'drops'],
      ['trace', 'info', 'mariadb-resize'],
      ['policies', 'remove'],
    ])
      expect([args, run(...args).code]).toEqual([args, 0]);
  });

  it('refuses figures that are asked for in one line, and draws them after the command in it', ({ skip }) => {
    if (missing) skip(missing);
    for (const flags of [
      ['--figure', 'glance'],
      ['--format', 'svg'],
    ])
      expect(run('report', 'drops', ...flags)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^(skipped .*\n)*reclaim: no figure can be drawn: .* adds them\)\n$/),
      });
    mustRun('npm', ['install', '--silent', '--include=optional'], lean);
    const figures = run('report', 'drops', '--figure', 'glance', '--format', 'png');
    expect([figures.code, figures.stderr]).toEqual([0, '']);
  });
});

describe('the package that is published', () => {
  it('names the repository that publishes it', () => {
    const { jobs } = parse(readFileSync(packageFile('.github', 'workflows', 'publish.yml'), 'utf8')) as {
      jobs: { publish: { steps: { name?: string; run?: string }[] } };
    };
    const { run } = jobs.publish.steps.find(({ name }) => name === 'the package names its repository')!;
    const published = join(folder, 'published');
    mkdirSync(published);
    copyFileSync(packageFile('package.json'), join(published, 'package.json'));
    const env = { ...process.env, GITHUB_REPOSITORY: 'owner/name' };
    expect(runProgram('bash', ['-c', run!], published, env).code).toBe(0);
    expect(JSON.parse(readFileSync(join(published, 'package.json'), 'utf8'))).toMatchObject({
      repository: { type: 'git', url: 'git+https://github.com/owner/name.git' },
      homepage: 'https://github.com/owner/name#readme',
      bugs: { url: 'https://github.com/owner/name/issues' },
    });
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
