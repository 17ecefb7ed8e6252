import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from './base/package-root.js';
import { temporaryFolder } from './testing/folder.js';
import { mustRun } from './testing/system.js';

const BUILDS = 3;
/** Each loads code when it starts, when its workers start and when it draws. */
const EXPERIMENT = `name: drops
families:
  browser: [chromium-drops]
discard: [keep, remove]
`;

const folder = temporaryFolder('reclaim-build-');

/** What building and packing need, where changes harm nothing. */
function copyPackage(copy: string): void {
  mkdirSync(copy);
  const files = mustRun('git', ['ls-files', '--cached', '--others', '--exclude-standard'], PACKAGE_ROOT);
  for (const file of files.trimEnd().split('\n')) cpSync(join(PACKAGE_ROOT, file), join(copy, file));
  symlinkSync(join(PACKAGE_ROOT, 'node_modules'), join(copy, 'node_modules'));
}

/** Runs comparisons one after the other until it is stopped; the exit code and errors of each. */
async function compareUntil(
  copy: string,
  stopped: AbortSignal,
): Promise<(readonly [number | null, string])[]> {
  const ends: (readonly [number | null, string])[] = [];
  while (!stopped.aborted) {
    const args = ['dist/harness/cli.js', 'compare', 'drops.yaml', '--out', 'drops', '--quiet'];
    const run = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'ignore', 'pipe'] });
    const errors: string[] = [];
    run.stderr.on('data', (text) => errors.push(String(text)));
    const [code] = await once(run, 'close');
    ends.push([code as number | null, errors.join('')]);
  }
  return ends;
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const run = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const printed: string[] = [];
  run.stdout.on('data', (text) => printed.push(String(text)));
  const [code] = await once(run, 'close');
  expect(code, `npm ${args.join(' ')}`).toBe(0);
  return printed.join('');
}

describe('building and packing', () => {
  let copy: string;
  beforeAll(async () => {
    copy = join(folder(), 'copy');
    copyPackage(copy);
    writeFileSync(join(copy, 'drops.yaml'), EXPERIMENT);
    await npm(['run', '--silent', 'build'], copy);
  });

  it('never take dist from under a command that runs', async () => {
    const stop = new AbortController();
    const comparing = compareUntil(copy, stop.signal);
    for (let i = 0; i < BUILDS; i++) {
      const changed = ['commands/draw-worker.ts', 'experiment/worker.ts', 'base/errors.ts'];
      for (const name of changed)
        appendFileSync(join(copy, 'harness', name), `export const BUILD_${i} = ${i};\n`);
      await npm(['run', '--silent', 'build'], copy);
      await npm(['pack', '--silent', '--pack-destination', folder()], copy);
    }
    stop.abort();
    const ends = await comparing;
    expect(ends.length).toBeGreaterThan(1);
    expect(ends.filter(([code, errors]) => code !== 0 || errors !== '')).toEqual([]);
  });

  it('pack the bundle of the command line that was built last, and no other', async () => {
    const [packed] = JSON.parse(await npm(['pack', '--dry-run', '--json', '--ignore-scripts'], copy));
    const paths = (packed.files as { path: string }[]).map(({ path }) => path);
    const bundles = new Set(paths.flatMap((path) => /^dist\/bin\/([^/]+)/.exec(path)?.[1] ?? []));
    const bin = readFileSync(join(copy, 'dist', 'harness', 'cli.js'), 'utf8');
    expect([...bundles]).toEqual([/bin\/(\w+)\//.exec(bin)?.[1]]);
    expect(paths).toContain(`dist/bin/${[...bundles][0]}/LICENCES.txt`);
  });
});
