import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { temporaryFolder } from '../testing/folder.js';
import { cannot, runProgram } from '../testing/system.js';
import { lookUp } from './process.js';

const RECIPE = packageFile('traces', 'recipes', 'redis.sh');
const folder = temporaryFolder('reclaim-recipes-');

const missing = ['redis-server', 'redis-cli', 'redis-benchmark', 'valgrind', 'cc'].filter(
  (name) => lookUp(name) === undefined,
);
if (missing.length > 0) cannot(`the recipe of redis: not found: ${missing.join(', ')}`);

/** A folder with `reclaim` in it, as an installed package puts it on the path. */
function installed(): string {
  const bin = join(folder(), 'bin');
  mkdirSync(bin, { recursive: true });
  const command = join(bin, 'reclaim');
  const cli = packageFile('dist', 'harness', 'cli.js');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`);
  chmodSync(command, 0o755);
  return bin;
}

/** Runs the recipe in a folder of its own with a small load, and other settings. */
function recipe(settings: NodeJS.ProcessEnv) {
  const cwd = join(folder(), String(readdirSync(folder()).length));
  const temporary = join(cwd, 'temporary');
  mkdirSync(temporary, { recursive: true });
  const small = { MIB: '4', SIZES: '1024 512', BURSTS: '1', REQUESTS: '200', IDLE: '0', EVERY: '50ms' };
  const path = `${installed()}:${process.env.PATH}`;
  const env = { ...process.env, ...small, TMPDIR: temporary, PATH: path, ...settings };
  const result = runProgram('sh', [RECIPE, 'out.csv'], cwd, env);
  return { ...result, cwd, left: readdirSync(temporary) };
}

interface Row {
  readonly op: string;
  readonly page: number;
  readonly count: number;
}

function rowsOf(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(','))
    .map(([, op, , page, count]) => ({ op: op!, page: Number(page), count: Number(count) }));
}

describe.skipIf(missing.length > 0)('the recipe of redis', () => {
  it('makes a valid trace with drops, and accesses to what was dropped, and leaves nothing behind', () => {
    const { code, stderr, cwd, left } = recipe({});
    expect(code, stderr).toBe(0);
    expect(left).toEqual([]);
    const text = readFileSync(join(cwd, 'out.csv'), 'utf8');
    expect(text).toMatch(/^# touches: recorded$/m);
    expect(text).toMatch(/^# every: 50 ms$/m);

    const dropped = new Set<number>();
    let droppedPages = 0;
    let again = 0;
    for (const { op, page, count } of rowsOf(text)) {
      for (let i = page; i < page + count; i++) {
        if (op === 'discard') dropped.add(i);
        else if (op === 'write' && dropped.delete(i)) again++;
      }
      if (op === 'discard') droppedPages += count;
    }
    // 4 MiB of values are deleted twice, and written once more each time.
    expect(droppedPages).toBeGreaterThan(1024);
    expect(again).toBeGreaterThan(512);

    const cli = packageFile('dist', 'harness', 'cli.js');
    const valid = runProgram(process.execPath, [cli, 'trace', 'validate', 'out.csv'], cwd);
    expect(valid.stdout + valid.stderr).toContain(', 0 warnings');
  });

  it('says what the recorder said where that fails, and leaves nothing behind', () => {
    const { code, stderr, left } = recipe({ EVERY: 'often' });
    expect(code).toBe(3);
    expect(stderr).toContain('often');
    expect(stderr).toContain('redis: the recorder has ended');
    expect(left).toEqual([]);
  });
});
