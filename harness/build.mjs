// Builds dist/, incrementally: what tsc remembers, and what it wrote, is kept in build/incremental. The new dist is made
// next to the old one and takes its place, so that a command line that runs meanwhile finds whole files of one build.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const KEPT = join(ROOT, 'build', 'incremental');
const OUTPUT = join(KEPT, 'dist');
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

/** Two renames: between them there is no dist for a moment, and never a part of one. */
function replaceDist() {
  const dist = join(ROOT, 'dist');
  const next = join(ROOT, 'build', `dist-${process.pid}`);
  const old = `${next}-old`;
  cpSync(OUTPUT, next, { recursive: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, { recursive: true, force: true });
}

compile('build');
compile('client');
prune();
chmodSync(join(OUTPUT, 'harness', 'cli.js'), 0o755);
replaceDist();
