// Builds dist/. Compiled modules are kept in build/incremental; from there dist is updated file by file, so that a command
// line that runs meanwhile finds every file, and finds it whole. The command line itself is a bundle in a folder of its own,
// which no later build changes.
//
// Usage: node harness/build.mjs [--declarations]   with those of the library's types, which only programs that use it read: they
// take `tsc`, and twenty times as long as all else
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { minify } from 'rolldown/experimental';
import { bundleInto, keepBundles } from './bundle.mjs';
import { compiled } from './compile.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const KEPT = join(ROOT, 'build', 'incremental');
const OUTPUT = join(KEPT, 'dist');
/** Of the declarations, and what tsc remembers of them. */
const TYPES = join(KEPT, 'types');
const DIST = join(ROOT, 'dist');
const BIN = join(DIST, 'bin');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const CLI = join('harness', 'cli.js');
/** The process that builds: another one waits for it. */
const LOCK = join(KEPT, 'lock');
/** Hash of what was built last, its bundle, and whether declarations were. */
const BUILT = join(KEPT, 'built.json');
const WAIT_MS = 100;
/** Modules that are no part of the package; tsconfig.build.json names them too. */
const LEFT_OUT = /\.(test|d)\.ts$|^harness\/(testing|commands\/templates)\//;
/** The module that the page of a report starts, as compiled. */
const PAGE = join(OUTPUT, 'harness', 'report', 'html', 'client', 'main.js');
/** How the modules of the page are written: without comments. */
const OF_PAGE = { module: true, compress: false, mangle: false, codegen: { removeWhitespace: false } };

const run = promisify(execFile);

/** Types are not checked, which is half of the time: `npm run typecheck` does. */
async function compileTypes() {
  const buildInfo = join(KEPT, 'types.tsbuildinfo');
  const flags = ['--noCheck', '--emitDeclarationOnly', '--incremental', '--tsBuildInfoFile', buildInfo];
  const args = [TSC, '-p', join(ROOT, 'tsconfig.build.json'), ...flags, '--outDir', TYPES];
  try {
    await run(process.execPath, args);
  } catch (error) {
    process.stderr.write(error.stdout);
    throw new Error(`tsc ended with exit code ${error.code}`);
  }
  // tsc leaves outputs whose source is gone.
  for (const file of filesBelow(TYPES))
    if (!existsSync(join(ROOT, file.replace(/\.d\.ts$/, '.ts')))) rmSync(join(TYPES, file));
}

/** Compiles all modules. */
async function compile() {
  rmSync(OUTPUT, { recursive: true, force: true });
  const compileOne = async (path) => {
    const { code } = await compiled(path, readFileSync(join(ROOT, path), 'utf8'));
    const to = join(OUTPUT, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, code);
  };
  const isPart = (path) => path.endsWith('.ts') && !LEFT_OUT.test(path.replaceAll('\\', '/'));
  await Promise.all(sourceFiles().filter(isPart).map(compileOne));
  for (const file of ofPage(PAGE))
    writeFileSync(file, (await minify(file, readFileSync(file, 'utf8'), OF_PAGE)).code);
}

/** A compiled module, and those that it imports. */
function ofPage(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/^import .* from "(\.[^"]+)";$/gm))
    ofPage(join(dirname(file), name), found);
  return found;
}

/** The files below a folder, by their paths in it. */
function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** The files of the program by their paths in the package. */
function sourceFiles() {
  return ['harness', 'workloads'].flatMap((folder) =>
    filesBelow(join(ROOT, folder)).map((file) => join(folder, file)),
  );
}

/** Hash of all that a build reads: where it is the same there is nothing to build. */
function inputsHash() {
  const hash = createHash('sha256').update(process.version);
  const settings = readdirSync(ROOT).filter((name) => /^(tsconfig.*|package(-lock)?)\.json$/.test(name));
  for (const file of [...sourceFiles().filter((name) => /\.(ts|mjs)$/.test(name)), ...settings].sort())
    hash.update(JSON.stringify([file, readFileSync(join(ROOT, file), 'utf8')]));
  return hash.digest('hex');
}

/** The last build, if that was of the same inputs. */
function lastBuild(inputs) {
  if (!existsSync(BUILT)) return undefined;
  const built = JSON.parse(readFileSync(BUILT, 'utf8'));
  return built.inputs === inputs && existsSync(join(BIN, built.bundle)) ? built : undefined;
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
function updateDist({ bundle, declarations }) {
  const kept = new Set();
  for (const folder of declarations ? [OUTPUT, TYPES] : [OUTPUT])
    for (const file of filesBelow(folder)) {
      if (file !== CLI) put(readFileSync(join(folder, file)), file, 0o644);
      kept.add(file);
    }
  put(Buffer.from(`#!/usr/bin/env node\nimport '../bin/${bundle}/cli.cjs';\n`), CLI, 0o755);
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

/** Compiles and bundles. Returns the name of the bundle. */
async function build() {
  // What is written now is of no build that there was.
  rmSync(BUILT, { force: true });
  await compile();
  return bundleInto(ROOT, OUTPUT, BIN);
}

await lock();
const inputs = inputsHash();
const last = lastBuild(inputs);
const isAsked = process.argv.includes('--declarations');
const [bundle] = await Promise.all([
  last?.bundle ?? build(),
  isAsked && !last?.declarations ? compileTypes() : undefined,
]);
const built = { inputs, bundle, declarations: isAsked || last?.declarations === true };
updateDist(built);
keepBundles(BIN, bundle);
writeFileSync(BUILT, JSON.stringify(built));
