// Builds dist/, incrementally: what tsc remembers, and what it wrote, is kept in build/incremental. From there dist is
// updated file by file, so that a command line that runs meanwhile finds every file, and finds it whole.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const KEPT = join(ROOT, 'build', 'incremental');
const OUTPUT = join(KEPT, 'dist');
const DIST = join(ROOT, 'dist');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

function compile(project) {
  const buildInfo = join(KEPT, `${project}.tsbuildinfo`);
  const flags = ['--incremental', '--tsBuildInfoFile', buildInfo, '--outDir', OUTPUT];
  execFileSync(process.execPath, [TSC, '-p', join(ROOT, `tsconfig.${project}.json`), ...flags], {
    stdio: 'inherit',
  });
}

/** Removes outputs whose source is gone: tsc leaves them. */
function prune() {
  for (const file of readdirSync(OUTPUT, { recursive: true })) {
    const source = /^(.*?)(\.d\.ts|\.js)$/.exec(file)?.[1];
    if (source !== undefined && !existsSync(join(ROOT, `${source}.ts`))) rmSync(join(OUTPUT, file));
  }
}

/** The files below a folder, by their paths in it. */
function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

function isSame(one, other) {
  return existsSync(other) && readFileSync(one).equals(readFileSync(other));
}

/**
 * Makes dist what was compiled, file by file: each that differs is written next to its place and renamed over it, then those
 * that are gone are removed. There is never a moment without dist, nor without a file that both builds have.
 */
function updateDist() {
  const compiled = filesBelow(OUTPUT);
  for (const file of compiled) {
    const from = join(OUTPUT, file);
    const to = join(DIST, file);
    if (isSame(from, to)) continue;
    const next = `${to}.${process.pid}.tmp`;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, next);
    renameSync(next, to);
  }
  const kept = new Set(compiled);
  for (const file of filesBelow(DIST)) if (!kept.has(file)) rmSync(join(DIST, file), { force: true });
}

compile('build');
compile('client');
prune();
chmodSync(join(OUTPUT, 'harness', 'cli.js'), 0o755);
updateDist();
