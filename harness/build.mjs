// Builds dist/, incrementally: what tsc remembers, and what it wrote, is kept in build/incremental. From there dist is
// updated file by file, so that a command line that runs meanwhile finds every file, and finds it whole. The command line
// itself is a bundle in a folder of its own, which no later build changes.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleInto, keepBundles } from './bundle.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const KEPT = join(ROOT, 'build', 'incremental');
const OUTPUT = join(KEPT, 'dist');
/** What the page of a report has in it: some modules of the program are compiled for it in another way. */
const CLIENT = join(KEPT, 'client');
const DIST = join(ROOT, 'dist');
const BIN = join(DIST, 'bin');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const CLI = join('harness', 'cli.js');
/** The process that builds: another one waits for it. */
const LOCK = join(KEPT, 'lock');
/** Hash of what was built last, and its bundle. */
const BUILT = join(KEPT, 'built.json');
const WAIT_MS = 100;

const run = promisify(execFile);

/** Types are not checked, which is half of the time: `npm run typecheck` does. */
async function compile(project, output) {
  const buildInfo = join(KEPT, `${project}.tsbuildinfo`);
  const flags = ['--noCheck', '--incremental', '--tsBuildInfoFile', buildInfo, '--outDir', output];
  const args = [TSC, '-p', join(ROOT, `tsconfig.${project}.json`), ...flags];
  try {
    await run(process.execPath, args);
  } catch (error) {
    process.stderr.write(error.stdout);
    throw new Error(`tsc ended with exit code ${error.code}`);
  }
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

/** Hash of all that a build reads: where it is the same there is nothing to build. */
function inputsHash() {
  const hash = createHash('sha256').update(process.version);
  const sources = ['harness', 'workloads'].flatMap((folder) =>
    filesBelow(join(ROOT, folder)).map((file) => join(folder, file)),
  );
  const settings = readdirSync(ROOT).filter((name) => /^(tsconfig.*|package(-lock)?)\.json$/.test(name));
  for (const file of [...sources.filter((name) => /\.(ts|mjs)$/.test(name)), ...settings].sort())
    hash.update(JSON.stringify([file, readFileSync(join(ROOT, file), 'utf8')]));
  return hash.digest('hex');
}

/** The bundle of the last build, if that was of the same inputs. */
function lastBundle(inputs) {
  if (!existsSync(BUILT)) return undefined;
  const built = JSON.parse(readFileSync(BUILT, 'utf8'));
  return built.inputs === inputs && existsSync(join(BIN, built.bundle)) ? built.bundle : undefined;
}

function isSame(content, file) {
  return existsSync(file) && readFileSync(file).equals(content);
}

/** Puts a file in its place in dist whole: written next to it and renamed. */
function put(content, file, mode) {
  const to = join(DIST, file);
  if (isSame(content, to)) return;
  const next = `${to}.${process.pid}.tmp`;
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(next, content, { mode });
  renameSync(next, to);
}

/**
 * Makes dist what was compiled, file by file, then removes those that are gone. There is never a moment without dist, nor
 * without a file that both builds have.
 */
function updateDist(bundle) {
  const compiled = filesBelow(OUTPUT);
  for (const file of compiled) if (file !== CLI) put(readFileSync(join(OUTPUT, file)), file, 0o644);
  put(Buffer.from(`#!/usr/bin/env node\nimport '../bin/${bundle}/cli.cjs';\n`), CLI, 0o755);
  const kept = new Set(compiled);
  for (const file of filesBelow(DIST))
    if (!kept.has(file) && !file.startsWith(join('bin', '/'))) rmSync(join(DIST, file), { force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Waits until no other process builds: tsc would write what is being read. */
async function lock() {
  mkdirSync(KEPT, { recursive: true });
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      process.on('exit', () => rmSync(LOCK, { force: true }));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const other = existsSync(LOCK) ? Number(readFileSync(LOCK, 'utf8')) : 0;
    if (other > 0 && !isAlive(other)) rmSync(LOCK, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

async function build() {
  await Promise.all([compile('build', OUTPUT), compile('client', CLIENT)]);
  // Over those of the program, whichever was compiled first.
  cpSync(CLIENT, OUTPUT, { recursive: true });
  prune();
  return bundleInto(ROOT, OUTPUT, BIN);
}

await lock();
const inputs = inputsHash();
const bundle = lastBundle(inputs) ?? (await build());
updateDist(bundle);
keepBundles(BIN, bundle);
writeFileSync(BUILT, JSON.stringify({ inputs, bundle }));
