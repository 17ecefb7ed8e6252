import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageFile } from '../../base/package-root.js';
import { randomStream } from '../../stats/random.js';
import { READERS } from '../../trace/readers/registry.js';
import { seedsOf } from '../fuzz-readers/seeds.js';
import { type FileKind, fileKinds } from './files.js';
import { mutated } from './mutate.js';
import type { Part } from './part.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
const SLOW_MS = 10_000;
const MOST_KIB = 2 ** 20;
const POLL_MS = 20;
/** Inputs of a round. */
const INPUTS = 8;
const MOST_CHARACTERS = 1000;

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly ms: number;
  /** The largest resident set, in KiB, as far as it was seen. */
  readonly kib: number;
}

/** The largest resident set of a process so far, in KiB; 0 where the kernel does not say. */
function highWater(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Runs a command, not longer than allowed. CPU time of this process is not its own: a busy host is allowed for. */
function run(args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const started = performance.now();
    const env = { ...process.env, XDG_CACHE_HOME: join(cwd, 'cache') };
    const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    let kib = 0;
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const poll = setInterval(() => {
      kib = Math.max(kib, highWater(child.pid));
    }, POLL_MS);
    const timer = setTimeout(() => child.kill('SIGKILL'), 2 * SLOW_MS);
    child.on('close', (code) => {
      clearInterval(poll);
      clearTimeout(timer);
      resolve({ code, stderr, ms: performance.now() - started, kib });
    });
  });
}

/** The names of files on a command line, those of side files (`faults=x.faults`) among them: words with a dot in them. */
function inputsOf(command: readonly string[]): string[] {
  return command
    .map((word) => basename(word.slice(word.indexOf('=') + 1)))
    .filter((name) => name.includes('.'));
}

/** What is wrong with how a command ended; undefined if nothing is. */
function wrongEnd(
  { code, stderr, ms, kib }: Ended,
  command: readonly string[],
  file: string,
): string | undefined {
  const codes = command[0] === 'gate' ? [0, 1, 2] : [0, 2, 4];
  if (ms > SLOW_MS) return `took ${Math.round(ms)} ms`;
  if (code === null || !codes.includes(code)) return `exit code ${code}: ${stderr.slice(0, MOST_CHARACTERS)}`;
  if (/^\s+at /m.test(stderr)) return `a stack: ${stderr.slice(0, MOST_CHARACTERS)}`;
  if (kib > MOST_KIB) return `${kib} KiB`;
  if (code !== 2) return undefined;
  if (![file, ...inputsOf(command)].some((name) => stderr.includes(name)))
    return `a message without ${file}: ${stderr.slice(0, MOST_CHARACTERS)}`;
  // Control characters other than the end of a line.
  if (/(?!\n)\p{Cc}/u.test(stderr))
    return `control characters: ${JSON.stringify(stderr.slice(0, MOST_CHARACTERS))}`;
  return stderr.length > MOST_CHARACTERS ? `${stderr.length} characters` : undefined;
}

/** The sample of each reader, for `trace import`. */
function logKinds(folder: string): FileKind[] {
  return READERS.map((reader) => {
    const { bytes, given, sides } = seedsOf(reader)[0]!;
    const parameters = Object.entries(given).map(([key, value]) => `${key}=${value}`);
    const named = [reader.name, ...(parameters.length > 0 ? [parameters.join(',')] : [])].join(':');
    const others = Object.entries(sides).map(([side, content]) => {
      writeFileSync(join(folder, `${reader.name}.${side}`), content);
      return ['--with', `${side}=${reader.name}.${side}`];
    });
    const name = `${reader.name}.log`;
    const command = ['trace', 'import', name, 'imported.rtrace', '--reader', named, ...others.flat()];
    return { name, content: bytes, command };
  });
}

/** Mutated files through the command line: exit code 0 or 2, no stack, within time and memory, a message that names the file. */
export async function commands(folder: string): Promise<Part> {
  const kinds = fileKinds(folder);
  const logs = logKinds(folder);
  const tryInput = async (seed: number, number: number): Promise<string | undefined> => {
    // Half of the inputs are logs, another reader's each.
    const at = seed * INPUTS + number;
    const kind = number % 2 === 0 ? logs[(at / 2) % logs.length]! : kinds[((at - 1) / 2) % kinds.length]!;
    const path = join(folder, kind.name);
    writeFileSync(path, mutated(kind.content, randomStream(seed, `campaign/commands/${number}`)));
    for (const output of [join('out', 'e'), 'imported.rtrace'])
      rmSync(join(folder, output), { recursive: true, force: true });
    const ended = await run(kind.command, folder);
    writeFileSync(path, kind.content);
    const wrong = wrongEnd(ended, kind.command, basename(kind.name));
    return wrong && `input ${number}, reclaim ${kind.command.join(' ')}: ${wrong}`;
  };
  return async (seed) => {
    const failures: string[] = [];
    for (let number = 0; number < INPUTS; number++) {
      const failure = await tryInput(seed, number);
      if (failure !== undefined) failures.push(failure);
    }
    return { tried: INPUTS, failures };
  };
}
