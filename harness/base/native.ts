import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fileError, HostError, systemErrorCode } from './errors.js';
import { makeFolder } from './folders.js';

/** Names of C compilers, the preferred one first. */
const COMPILERS = ['cc', 'gcc', 'clang'] as const;
/** Builds that were not used for this long are removed when the same program is built again. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;

/** A C compiler of this host. */
interface Compiler {
  readonly command: string;
  /** The first line of what it says of its version. */
  readonly version: string;
}

/** A program that ships as C source and is built on the user's host. */
export interface NativeProgram {
  /** The C file. Headers in its folder are part of it. */
  readonly source: string;
  /** The file name of the built program. */
  readonly name: string;
  readonly flags: readonly string[];
  /** What comes after the source on the compiler's command line. */
  readonly libraries?: readonly string[];
  /** The version of what it is built against, where that is not the C library alone. */
  readonly against?: string;
}

/** The C compiler of this host: the first of cc, gcc and clang that runs; undefined without one. */
function findCompiler(): Compiler | undefined {
  for (const command of COMPILERS) {
    const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
    if (status === 0) return { command, version: stdout.split('\n')[0]! };
  }
  return undefined;
}

/** Why nothing can be built here; undefined where it can. */
export function missingCompiler(): string | undefined {
  return findCompiler() ? undefined : `a C compiler is needed: not found: ${COMPILERS.join(', ')}`;
}

/** What the program is built from: all of it decides where the build lies. */
function buildHash(program: NativeProgram, compiler: Compiler): string {
  const folder = dirname(program.source);
  const headers = readdirSync(folder).filter((file) => file.endsWith('.h'));
  const hash = createHash('sha256');
  for (const file of [basename(program.source), ...headers.sort()])
    hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
  const { name, flags, libraries = [], against = '' } = program;
  hash.update(JSON.stringify([name, flags, libraries, against, compiler.command, compiler.version]));
  return hash.digest('hex').slice(0, 16);
}

async function compile(program: NativeProgram, compiler: Compiler, output: string): Promise<void> {
  const args = [...program.flags, '-o', output, program.source, ...(program.libraries ?? [])];
  try {
    await promisify(execFile)(compiler.command, args, { maxBuffer: 2 ** 24 });
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? '').trim() || (error as Error).message;
    const first = said.split('\n').find((line) => line.includes('error')) ?? said;
    throw new HostError(`${basename(program.source)} cannot be built with ${compiler.command}: ${first}`);
  }
}

/** Moves a finished build to its place, unless another process has put the same one there meanwhile. */
function place(part: string, folder: string): void {
  try {
    renameSync(part, folder);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw fileError(error, folder);
  }
}

function removeUnused(builds: string, prefix: string): void {
  for (const name of readdirSync(builds)) {
    const path = join(builds, name);
    const info = name.startsWith(prefix) ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (info && Date.now() - info.mtimeMs > UNUSED_MS) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Builds a program with the user's C compiler, once: the build is kept in the cache folder under the hash of its source,
 * headers, flags and the compiler's version. It appears there whole or not at all.
 *
 * @param cache the cache folder; builds lie in its folder `native`, each in a folder of its own
 * @returns the path of the program
 * @throws HostError without a compiler, or with the first error that it prints
 */
export async function buildNative(program: NativeProgram, cache: string): Promise<string> {
  const compiler = findCompiler();
  if (!compiler) throw new HostError(missingCompiler()!);
  const builds = join(cache, 'native');
  const prefix = `${program.name}-`;
  const folder = join(builds, `${prefix}${buildHash(program, compiler)}`);
  const path = join(folder, program.name);
  if (existsSync(path)) {
    const now = new Date();
    utimesSync(folder, now, now);
    return path;
  }
  const part = join(builds, `${prefix}${process.pid}-${randomUUID()}.part`);
  try {
    makeFolder(part);
    await compile(program, compiler, join(part, program.name));
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw fileError(error, part);
  }
  place(part, folder);
  removeUnused(builds, prefix);
  return path;
}
