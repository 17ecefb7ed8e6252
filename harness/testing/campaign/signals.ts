import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EndingSignal, SIGNALS } from '../../base/errors.js';
import { packageFile } from '../../base/package-root.js';
import { type RandomStream, randomStream } from '../../stats/random.js';
import { policyModule } from '../offences.js';
import type { Part, Round } from './part.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
const NAMES = Object.keys(SIGNALS) as EndingSignal[];
/** What is promised of a signal, on a host that is not busy. */
const PROMISED_MS = 500;
/** What no busy host explains. */
const NEVER_MS = 5000;
const POLL_MS = 5;
const LEFT = /\.tmp$|\.part$/;

/** 4 discards × 4 reclaims × 6 seeds × limits: many cells that each take a few ms. */
function manyCells(limits: number): string {
  const percents = Array.from({ length: limits }, (_, i) => `${30 + 2 * i}%`);
  return `name: many
traces: [{ workload: zipf, params: { pages: 64, events: 200 } }]
discard: [keep, remove, punch, dontneed]
reclaim: [linux, lru, fifo, clock]
seed: [1, 2, 3, 4, 5, 6]
limits: [none, ${percents.join(', ')}]
`;
}

/** A command that is sent a signal, in a folder with `t.csv`, `t.lackey`, `e.yaml` and the results `whole`. */
interface Target {
  readonly name: string;
  args(out: string): readonly string[];
}

const TARGETS: readonly Target[] = [
  { name: 'compare', args: (out) => ['compare', 'e.yaml', '--out', out, '--no-report'] },
  { name: 'compare over a run', args: () => ['compare', 'e.yaml', '--out', 'again', '--no-report'] },
  {
    name: 'compare --resume',
    args: () => ['compare', 'e.yaml', '--out', 'again', '--no-report', '--resume'],
  },
  { name: 'compare of a log', args: (out) => ['compare', 't.csv', '--out', out, '--no-report'] },
  { name: 'compare, figures', args: () => ['compare', 'small.yaml', '--out', 'figures', '--resume'] },
  { name: 'report', args: () => ['report', 'whole'] },
  { name: 'gate', args: () => ['gate', 'whole', 'whole'] },
  { name: 'gate --update', args: (out) => ['gate', out, 'whole', '--update'] },
  { name: 'trace convert', args: (out) => ['trace', 'convert', 't.csv', `${out}.csv.br`] },
  { name: 'trace import', args: (out) => ['trace', 'import', 't.lackey', `${out}.rtrace`] },
  {
    name: 'trace generate',
    args: (out) => ['trace', 'generate', 'zipf', `${out}.csv`, '--param', 'events=500000'],
  },
  { name: 'mrc', args: () => ['mrc', 't.csv', '--policy', 'lru,arc,opt', '--size', '10%,50%'] },
  { name: 'replay', args: (out) => ['replay', 't.csv', '--limit', '50%', '--swap', 'ssd', '--out', out] },
  { name: 'replay, module', args: () => ['replay', 't.csv', '--limit', '50%', '--policy-module', 'p.mjs'] },
];

/** How a command that was sent a signal has ended. */
export interface Signalled {
  readonly target: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** From the signal to the end, without the time for which its main thread waited for a core. */
  readonly ms: number;
  readonly wallMs: number;
  /** From its start to the signal. */
  readonly atMs: number;
}

/** For how long the main thread of a process has waited for a core, in ms. */
function waitedMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** A folder in which commands are sent signals. */
class SignalBench {
  private readonly usualMs = new Map<Target, number>();

  /** @param limits limits of the experiment: 96 cells each */
  constructor(
    private readonly folder: string,
    private readonly limits: number,
  ) {}

  async open(): Promise<void> {
    writeFileSync(join(this.folder, 'e.yaml'), manyCells(this.limits));
    writeFileSync(join(this.folder, 'small.yaml'), manyCells(1).replace('many', 'small'));
    writeFileSync(join(this.folder, 'p.mjs'), policyModule('mine'));
    const line = (_: unknown, i: number) =>
      ` L ${(((i * 7919) % 5000) << 12).toString(16).padStart(8, '0')},8\n`;
    writeFileSync(join(this.folder, 't.lackey'), Array.from({ length: 200_000 }, line).join(''));
    for (const args of [
      ['trace', 'generate', 'zipf', 't.csv', '--param', 'events=300000', '--param', 'pages=5000'],
      ['compare', 'e.yaml', '--out', 'whole', '--no-report'],
      ['compare', 'e.yaml', '--out', 'again', '--no-report'],
      ['compare', 'small.yaml', '--out', 'figures', '--no-report'],
    ]) {
      const [code] = await once(this.start(args), 'exit');
      if (code !== 0) throw new Error(`reclaim ${args.join(' ')} ended with ${code}`);
    }
  }

  /** Sends a signal at a moment drawn from a seed. */
  async try(seed: number): Promise<Signalled> {
    const random = randomStream(seed, 'signals');
    const target = TARGETS[Math.floor(random() * TARGETS.length)]!;
    const usual = this.usualMs.get(target) ?? (await this.time(target));
    this.usualMs.set(target, usual);
    return this.signal(target, `out-${seed}`, random() * usual, random);
  }

  /** What a command has left that it should not have; and what it says of its cells. */
  wrongWith({ target, code, signal, stderr, ms }: Signalled, out: string): string[] {
    const wrong: string[] = [];
    const wanted = code === 0 || code === null || Object.values(SIGNALS).includes(code as 130);
    if (!wanted) wrong.push(`ends with ${code ?? signal}: ${stderr.slice(0, 300)}`);
    if (/internal error|\n\s+at /.test(stderr)) wrong.push(stderr.slice(0, 300));
    if (ms > NEVER_MS) wrong.push(`takes ${Math.round(ms)} ms to end`);
    const left = readdirSync(this.folder).find((name) => LEFT.test(name));
    if (left !== undefined) wrong.push(`${left} is left`);
    const [, said] = /(\d+) of \d+ cells are finished and kept/.exec(stderr) ?? [];
    const cells = join(this.folder, out, 'unfinished', 'cells');
    if (said !== undefined && existsSync(cells) && readdirSync(cells).length !== Number(said))
      wrong.push(`${said} cells are said to be kept, and ${readdirSync(cells).length} are there`);
    return wrong.map((text) => `${target}: ${text}`);
  }

  clean(out: string): void {
    for (const name of readdirSync(this.folder))
      if (name.startsWith(out) || LEFT.test(name)) rmSync(join(this.folder, name), { recursive: true });
  }

  /** How long a command takes that is sent none. */
  private async time(target: Target): Promise<number> {
    const started = performance.now();
    await once(this.start(target.args('timed')), 'exit');
    this.clean('timed');
    return performance.now() - started;
  }

  private start(args: readonly string[]): ChildProcess {
    const env = { ...process.env, XDG_CACHE_HOME: join(this.folder, 'cache') };
    return spawn(process.execPath, [CLI, ...args], {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  private async signal(
    target: Target,
    out: string,
    afterMs: number,
    random: RandomStream,
  ): Promise<Signalled> {
    const child = this.start(target.args(out));
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const ended = once(child, 'close');
    const started = performance.now();
    await Promise.race([ended, sleep(afterMs)]);
    const sent = performance.now();
    const before = waitedMs(child.pid!);
    child.kill(NAMES[Math.floor(random() * NAMES.length)]!);
    let waited = before;
    const poll = setInterval(() => {
      waited = Math.max(waited, waitedMs(child.pid!));
    }, POLL_MS);
    const [code, signal] = await ended;
    clearInterval(poll);
    const wallMs = performance.now() - sent;
    const ms = Math.max(0, wallMs - (waited - before));
    return { target: target.name, code, signal, stderr, ms, wallMs, atMs: sent - started };
  }
}

/** Limits of the experiment of the campaign. */
const LIMITS = 4;

/**
 * Sends SIGINT, SIGTERM and SIGHUP to commands of the built command line at random moments: they end soon, with the exit code
 * of the signal, leave nothing that is half written, and say what is true of the cells they keep.
 */
export async function signals(folder: string): Promise<Part> {
  const bench = new SignalBench(folder, LIMITS);
  await bench.open();
  return async (seed): Promise<Round> => {
    const out = `out-${seed}`;
    const ended = await bench.try(seed);
    const failures = bench.wrongWith(ended, out);
    bench.clean(out);
    return { tried: 1, failures, counts: { [`over ${PROMISED_MS} ms`]: Number(ended.ms > PROMISED_MS) } };
  };
}
