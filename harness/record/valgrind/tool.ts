import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HostError, systemErrorCode } from '../../base/errors.js';
import { buildNative, missingCompiler } from '../../base/native.js';
import { packageFile } from '../../base/package-root.js';
import { usableCacheFolder } from '../../trace/io/cache.js';
import { lookUp } from '../process.js';

const TOOL = 'pagetrace';
const PLATFORM = 'amd64-linux';
/** What the core of valgrind reads from the folder of its tools. */
const SUPPORT = [`vgpreload_core-${PLATFORM}.so`, 'default.supp'];

/** As valgrind builds its own tools: programs without the C library, above all that the recorded program uses. */
const FLAGS = [
  [
    '-O2',
    '-std=gnu11',
    '-fno-stack-protector',
    '-fno-strict-aliasing',
    '-fno-builtin',
    '-fomit-frame-pointer',
  ],
  ['-fno-pie', '-no-pie', '-static', '-nodefaultlibs', '-nostartfiles', '-u', '_start', '-Wl,-s'],
  ['-Wl,--build-id=none', '-Wl,-Ttext-segment=0x58000000'],
  ['-DVGA_amd64=1', '-DVGO_linux=1', '-DVGP_amd64_linux=1', '-DVGPV_amd64_linux_vanilla=1'],
].flat();

/** An installed valgrind that tools can be built for. */
export interface Valgrind {
  readonly command: string;
  readonly version: string;
  readonly headers: string;
  /** The folder of its static libraries, and that of its tools. */
  readonly libraries: string;
  readonly tools: string;
}

/** The first of some folders that has a file. */
function folderWith(folders: readonly string[], file: string): string | undefined {
  return folders.find((folder) => existsSync(join(folder, file)));
}

/** The valgrind of this host, or what of it is missing. */
export function findValgrind(): Valgrind | string {
  const found = lookUp('valgrind');
  if (found === undefined) return 'valgrind';
  const path = realpathSync(found);
  // Debian's `valgrind` is a script that changes how C++ programs allocate (GLIBCXX_FORCE_NEW), and where libraries come from.
  const command = existsSync(`${path}.bin`) ? `${path}.bin` : path;
  const prefix = dirname(dirname(path));
  const inLib = ['lib/x86_64-linux-gnu', 'lib64', 'lib'].map((path) => join(prefix, path, 'valgrind'));
  const headers = folderWith([join(prefix, 'include', 'valgrind')], 'pub_tool_tooliface.h');
  const libraries = folderWith(inLib, `libcoregrind-${PLATFORM}.a`);
  const tools = folderWith([join(prefix, 'libexec', 'valgrind'), ...inLib], SUPPORT[0]!);
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  if (status !== 0) return 'a valgrind that runs';
  if (headers === undefined) return "valgrind's headers (pub_tool_tooliface.h)";
  if (libraries === undefined) return `valgrind's static libraries (libcoregrind-${PLATFORM}.a)`;
  if (tools === undefined) return `valgrind's ${SUPPORT[0]}`;
  return { command, version: stdout.trim(), headers, libraries, tools };
}

/** What is missing here for recording accesses; undefined where nothing is. */
export function whatIsMissing(): string | undefined {
  if (process.arch !== 'x64' || process.platform !== 'linux') return 'Linux on amd64';
  const valgrind = findValgrind();
  if (typeof valgrind === 'string') return valgrind;
  return missingCompiler()?.replace(/^.*not found: /, '');
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}

/**
 * Builds the tool, unless the cache has it.
 *
 * @returns the folder that `VALGRIND_LIB` must name, where valgrind finds the tool
 * @throws HostError where it cannot be built
 */
export async function buildTool(valgrind: Valgrind): Promise<string> {
  const has = (library: string) => existsSync(join(valgrind.libraries, `lib${library}.a`));
  const libraries = [`coregrind-${PLATFORM}`, `vex-${PLATFORM}`, 'gcc', `gcc-sup-${PLATFORM}`];
  const tool = await buildNative(
    {
      source: packageFile('harness', 'record', 'valgrind', `${TOOL}.c`),
      name: `${TOOL}-${PLATFORM}`,
      flags: [...FLAGS, `-I${valgrind.headers}`],
      libraries: [
        `-L${valgrind.libraries}`,
        ...libraries.filter((name) => name === 'gcc' || has(name)).map((name) => `-l${name}`),
      ],
      against: valgrind.version,
    },
    usableCacheFolder(),
  );
  const folder = dirname(tool);
  try {
    for (const file of SUPPORT) link(join(valgrind.tools, file), join(folder, file));
  } catch (error) {
    throw new HostError(`${folder}: the tool's files cannot be linked (${(error as Error).message})`);
  }
  return folder;
}

/** What runs a command under the tool; `options` are the tool's. Fatal messages of valgrind go to standard error. */
export function toolCommand(installed: Valgrind, tools: string, options: readonly string[]): string[] {
  const core = ['-q', '--vgdb=no', '--trace-children=yes', '--fair-sched=try'];
  return ['env', `VALGRIND_LIB=${tools}`, installed.command, ...core, `--tool=${TOOL}`, ...options];
}
