import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFile } from '../../base/package-root.js';
import { randomStream } from '../../stats/random.js';
import type { PartResult } from './part.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
/** The files of a run that are the same bytes wherever it is made. */
const SAME = ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv'];

const EXPERIMENT = `name: killed
traces:
  - { workload: zipf, params: { pages: 2000, events: 60000 } }
  - { workload: zipf, params: { pages: 3000, events: 60000 } }
discard: [keep, remove]
reclaim: [linux, lru]
limits: [none, 50%]
`;

/** Runs the command line until it ends, or is killed after some time. Returns its exit code; null where it was killed. */
async function run(
  args: readonly string[],
  cwd: string,
  cache: string,
  killMs?: number,
): Promise<number | null> {
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  if (killMs !== undefined) {
    await Promise.race([ended, sleep(killMs)]);
    child.kill('SIGKILL');
  }
  const [code] = await ended;
  return code;
}

/** A folder in which commands are killed: an experiment, and what an uninterrupted run of it writes. */
class Bench {
  private constructor(
    readonly folder: string,
    private readonly expected: ReadonlyMap<string, Buffer>,
    private readonly binary: Buffer,
    /** How long an uninterrupted run takes. */
    private readonly wholeMs: number,
  ) {}

  static async make(): Promise<Bench> {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-kills-'));
    writeFileSync(join(folder, 'e.yaml'), EXPERIMENT);
    const cache = join(folder, 'cache');
    const generate = [
      'trace',
      'generate',
      'zipf',
      't.csv',
      '--param',
      'events=300000',
      '--param',
      'pages=5000',
    ];
    for (const args of [generate, ['trace', 'convert', 't.csv', 't.rtrace']])
      await mustRun(args, folder, cache);
    const started = performance.now();
    await mustRun(['compare', 'e.yaml', '--out', 'whole'], folder, cache);
    const wholeMs = performance.now() - started;
    const expected = new Map(SAME.map((name) => [name, readFileSync(join(folder, 'whole', name))]));
    return new Bench(folder, expected, readFileSync(join(folder, 't.rtrace')), wholeMs);
  }

  /** Tries one kind of kill, at moments drawn from a seed. Returns what was wrong afterwards. */
  async try(seed: number): Promise<string | undefined> {
    const random = randomStream(seed, 'kills');
    const name = `out-${seed}`;
    const cache = join(this.folder, random() < 0.5 ? 'cache' : `cache-${seed}`);
    const moment = () => Math.round(random() * 1.1 * this.wholeMs);
    try {
      const kind = Math.floor(random() * 4);
      if (kind === 0) return await this.convert(name, cache, moment());
      if (kind === 1) return await this.afterWhole(name, cache, moment());
      return await this.compare(name, cache, kind === 2 ? [moment()] : [moment(), moment()]);
    } finally {
      for (const left of [name, `${name}.rtrace`, `cache-${seed}`])
        rmSync(join(this.folder, left), { recursive: true, force: true });
    }
  }

  /** Kills `compare` some times, the last of them while another one writes into the same folder; --resume completes it. */
  private async compare(
    name: string,
    cache: string,
    moments: readonly number[],
  ): Promise<string | undefined> {
    const args = ['compare', 'e.yaml', '--out', name, '--resume'];
    for (const ms of moments) {
      const two = moments.length > 1 ? [run(args, this.folder, cache, ms / 2)] : [];
      await Promise.all([...two, run(args, this.folder, cache, ms)]);
    }
    const code = await run([...args, '--no-report'], this.folder, cache);
    return code === 0 ? this.wrongIn(name) : `compare --resume ended with ${code}`;
  }

  /** Kills a new run, and then `report`, where a complete run is: that one must stay as it is. */
  private async afterWhole(name: string, cache: string, ms: number): Promise<string | undefined> {
    const args = ['compare', 'e.yaml', '--out', name];
    await mustRun([...args, '--no-report'], this.folder, cache);
    await run(args, this.folder, cache, ms);
    const gate = await run(['gate', 'whole', name], this.folder, cache);
    if (gate !== 0) return `gate ended with ${gate} after a new run was killed`;
    await run(['report', name], this.folder, cache, ms);
    const code = await run([...args, '--no-report'], this.folder, cache);
    return code === 0 ? this.wrongIn(name) : `compare ended with ${code} after report was killed`;
  }

  /** Kills a conversion: its output is whole or absent. */
  private async convert(name: string, cache: string, ms: number): Promise<string | undefined> {
    const output = join(this.folder, `${name}.rtrace`);
    await run(['trace', 'convert', 't.csv', output], this.folder, cache, ms / 4);
    if (existsSync(output) && !readFileSync(output).equals(this.binary))
      return 'a part of a trace was written';
    const code = await run(['trace', 'convert', 't.csv', output], this.folder, cache);
    if (code !== 0) return `trace convert ended with ${code}`;
    return readFileSync(output).equals(this.binary) ? undefined : 'another trace was written';
  }

  private wrongIn(name: string): string | undefined {
    const folder = join(this.folder, name);
    const wrong = SAME.find((file) => !readFileSync(join(folder, file)).equals(this.expected.get(file)!));
    if (wrong !== undefined) return `${wrong} differs`;
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((file) =>
      /unfinished|tmp$|lock/.test(file),
    );
    return left === undefined ? undefined : `${left} is left`;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function mustRun(args: readonly string[], folder: string, cache: string): Promise<void> {
  const code = await run(args, folder, cache);
  if (code !== 0) throw new Error(`reclaim ${args.join(' ')} ended with ${code}`);
}

/**
 * Kills commands of the built command line (kill -9) at moments drawn from seeds, two of them at once among others, and
 * checks what is left: the run before, the bytes of an uninterrupted run after `--resume`, whole outputs.
 *
 * @param seeds what is tried; a seed names the command and the moments, not the step it is killed at
 * @param goOn asked before each, so that a campaign can end by time
 */
export async function kills(seeds: Iterable<number>, goOn: () => boolean = () => true): Promise<PartResult> {
  const bench = await Bench.make();
  const notes: string[] = [];
  const failed: number[] = [];
  let tried = 0;
  try {
    for (const seed of seeds) {
      if (!goOn()) break;
      tried++;
      const wrong = await bench.try(seed);
      if (wrong === undefined) continue;
      failed.push(seed);
      notes.push(`seed ${seed}: ${wrong}`);
    }
  } finally {
    bench.close();
  }
  return { tried, failed: failed.length, seeds: failed, notes };
}
