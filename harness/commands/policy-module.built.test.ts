import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { reclaim } from '../testing/cli.js';
import { CliFolder } from '../testing/cli-folder.js';
import { OFFENCES, policyModule } from '../testing/offences.js';

const folder = new CliFolder('one process');

const EVENTS = 400;
/** 40 pages in an order without a period, of which half fit. */
const TRACE = `time_us,op,space,page,count,arg
0,spawn,1,,,
0,map,1,0,40,anon
${Array.from({ length: EVENTS }, (_, i) => `${i},write,1,${(i * i * i + (i >> 3)) % 40},1,`).join('\n')}
`;

function write(name: string, code: string | undefined): void {
  folder.write('long.csv', TRACE);
  folder.write(`${name}.mjs`, policyModule(name, code === undefined ? undefined : { method: 'evict', code }));
}

/** A busy host may take seconds for what is right; what never ends is waited for that long. */
const flags = (timeout = '5') => ['--limit', '50%', '--swap', 'ssd', '--policy-timeout', timeout];
const FLAGS = flags();

function replay(name: string, ...more: string[]) {
  const limits = flags(name === 'endless' ? '1' : undefined);
  return folder.run(
    'replay',
    'long.csv',
    '--policy-module',
    `${name}.mjs`,
    '--reclaim',
    name,
    ...limits,
    ...more,
  );
}

it.each(['minus', 'async', 'exit', 'throws', 'endless'])('replay: %s is bad input', (name) => {
  const { code, blamed } = OFFENCES.find((offence) => offence.name === name)!;
  write(name, code);
  const result = replay(name);
  expect(result.code).toBe(2);
  expect(result.stdout).toBe('');
  expect(result.stderr).toMatch(blamed);
  expect(result.stderr.trim().split('\n')).toHaveLength(1);
});

it.each([
  ['a timer', 'setTimeout(() => process.exit(0), 0);'],
  ['a timer of its own', 'setTimeout(process.exit, 0, 0);'],
  ['a promise', 'Promise.resolve().then(() => process.abort());'],
])('replay: a module that would end the process from %s is blamed', (_, code) => {
  write('later', undefined);
  const text = readFileSync(join(folder.path, 'later.mjs'), 'utf8');
  // Not where it is tried to be loaded.
  folder.write('later.mjs', `${text}globalThis.process.argv.length > 2 && (() => { ${code} })();\n`);
  const result = replay('later');
  expect(result.stderr).toMatch(
    /^reclaim: later\.mjs: it calls process\.(exit|abort) outside of the methods [^\n]*\n$/,
  );
  expect([result.code, result.stdout]).toEqual([2, '']);
});

it('compare: a policy that uses up the memory is blamed', () => {
  write('greedy', GREEDY);
  folder.write('g.yaml', 'name: g\ntraces: [long.csv]\ndiscard: [keep]\nreclaim: [greedy]\nlimits: [50%]\n');
  vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=64');
  const result = folder.start('compare', 'g.yaml', '--policy-module', 'greedy.mjs', '--no-report');
  vi.unstubAllEnvs();
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(
    /failed: greedy\.mjs: reclaim policy greedy ended the worker of its cell: .*memory/,
  );
});

const GREEDY = 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length));';

it.each([
  ['replay', ['--reclaim', 'greedy', ...FLAGS]],
  ['mrc', ['--policy', 'greedy', '--size', '9']],
])('%s: a policy that uses up the memory is blamed', (command, flags) => {
  write('greedy', GREEDY);
  vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=64');
  const result = folder.start(command, 'long.csv', '--policy-module', 'greedy.mjs', ...flags);
  vi.unstubAllEnvs();
  expect(result.stderr).toMatch(
    /^reclaim: greedy\.mjs: its policies ended the thread of the command: .*memory[^\n]*\n$/,
  );
  expect([result.code, result.stdout]).toEqual([2, '']);
});

it.each([
  ['replay', ['--reclaim', 'good', ...FLAGS]],
  ['mrc', ['--policy', 'good', '--size', '9']],
])('%s: prints the same with a module, also of standard input', (command, flags) => {
  write('good', undefined);
  const module = ['--policy-module', 'good.mjs'];
  const plain = folder.run(command, 'long.csv', ...module, ...flags);
  const piped = reclaim([command, '-', ...module, ...flags], folder.path, TRACE);
  expect([plain.code, plain.stderr]).toEqual([0, '']);
  const withoutLabel = (text: string) => text.replace(/^.*trace .*$/m, '');
  expect(withoutLabel(piped.stdout)).toBe(withoutLabel(plain.stdout));
  expect(plain.stdout).toContain('good');
});

it('replay: exit code 4 is kept with a module', () => {
  write('good', undefined);
  const flags = ['--policy-module', 'good.mjs', '--reclaim', 'good', '--limit', '3p', '--swap', 'none'];
  expect(folder.run('replay', 'long.csv', ...flags).code).toBe(4);
});

it.each([
  [
    'would end the process',
    'setTimeout(process.exit, 0, 0)',
    /it calls process\.exit outside of the methods/,
  ],
  [
    'throws',
    'setTimeout(() => { throw new TypeError("bang"); }, 0)',
    /it threw outside of .*: TypeError: bang\n$/,
  ],
])('mrc: a module that %s from a timer is blamed', (_, code, blamed) => {
  write('later', undefined);
  const text = readFileSync(join(folder.path, 'later.mjs'), 'utf8');
  folder.write('later.mjs', `${text}globalThis.process.argv.length > 2 && ${code};\n`);
  const flags = ['--policy', 'later', '--size', '9', '--policy-module', 'later.mjs'];
  const result = folder.run('mrc', 'long.csv', ...flags);
  expect(result.stderr).toMatch(blamed);
  expect(result.stderr).toMatch(/^reclaim: later\.mjs: [^\n]*\n$/);
  expect([result.code, result.stdout]).toEqual([2, '']);
});

it('mrc: the policy is blamed', () => {
  write('zero', OFFENCES.find(({ name }) => name === 'zero')!.code);
  const result = folder.run(
    'mrc',
    'long.csv',
    '--policy',
    'lru,zero',
    '--size',
    '9',
    '--policy-module',
    'zero.mjs',
  );
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(/^reclaim: zero\.mjs: reclaim policy zero: evict chose no page/);
});

it('compare: the other cells go on', () => {
  write('minus', 'return -5;');
  folder.write(
    'm.yaml',
    'name: m\ntraces: [long.csv]\ndiscard: [keep]\nreclaim: [minus, lru]\nlimits: [50%]\n',
  );
  const result = folder.run(
    'compare',
    'm.yaml',
    '--out',
    'out',
    '--policy-module',
    'minus.mjs',
    '--no-report',
    '--quiet',
  );
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(/cell 1 .* failed: minus\.mjs: reclaim policy minus: evict returned -5/);
  expect(result.stdout).toContain('lru');
});

it('replay --check: what differs from run to run is found', () => {
  // Goes on from where the run before it ended.
  write(
    'watch',
    'globalThis.turns = (globalThis.turns ?? 0) + 1; if ((globalThis.turns * 2654435761) % 4294967296 > 2147483648) this.pages.push(this.pages.shift());',
  );
  const result = replay('watch', '--check');
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(/watch\.mjs: reclaim policy watch: two runs of the same cell differ \(/);
  write('good', undefined);
  expect(replay('good', '--check').code).toBe(0);
});

it.each(['0', '-1', '1e9', 'soon'])('--policy-timeout %s is refused', (seconds) => {
  write('good', undefined);
  const result = folder.run('replay', 'long.csv', '--policy-module', 'good.mjs', '--policy-timeout', seconds);
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('--policy-timeout is not a number of seconds');
});
