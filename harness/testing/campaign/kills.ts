import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFile } from '../../base/package-root.js';
import { type RandomStream, randomStream } from '../../stats/random.js';
import type { Part, Round } from './part.js';
import { WRITERS, type Writer } from './writers.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
/** The files of a run that are the same bytes wherever it is made. */
const SAME = ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv'];
const LEFT = /unfinished|tmp$|lock/;

const EXPERIMENT = `name: killed
traces:
  - { workload: zipf, params: { pages: 1000, events: 20000 } }
  - { workload: zipf, params: { pages: 1500, events: 20000 } }
discard: [keep, remove]
reclaim: [linux, lru]
limits: [none, 50%]
`;
const LOG_LINES = 50_000;

/** What a command that was not killed writes, and how long it takes. */
interface Whole {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly ms: number;
}

/** A folder in which commands are killed: an experiment, other inputs, and what commands write that are not killed. */
class KillBench {
  private readonly writers = new Map<Writer, Whole>();
  private compared!: Whole;
  private kills = 0;

  constructor(private readonly folder: string) {}

  async open(): Promise<void> {
    writeFileSync(join(this.folder, 'e.yaml'), EXPERIMENT);
    const line = (_: unknown, i: number) =>
      ` L ${(((i * 7919) % 5000) << 12).toString(16).padStart(8, '0')},8\n`;
    writeFileSync(join(this.folder, 't.lackey'), Array.from({ length: LOG_LINES }, line).join(''));
    const sizes = ['--param', 'events=100000', '--param', 'pages=5000'];
    await this.mustRun(['trace', 'generate', 'zipf', 't.csv', ...sizes]);
    this.compared = await this.whole(
      ['compare', 'e.yaml', '--out', 'whole'],
      SAME.map((name) => `whole/${name}`),
    );
    for (const writer of WRITERS) {
      const files = writer.files.map((name) => `sample${name}`);
      this.writers.set(writer, await this.whole(writer.args('sample'), files));
    }
  }

  /** Tries one kind of kill, at moments drawn from a seed. */
  async try(seed: number): Promise<Round> {
    const random = randomStream(seed, 'kills');
    const before = this.kills;
    const out = `out-${seed}`;
    const cache = random() < 0.5 ? 'cache' : `cache-${seed}`;
    try {
      const failure = await this.kind(random, out, cache);
      const kills = this.kills - before;
      return { tried: 1, failures: failure === undefined ? [] : [failure], counts: { kills } };
    } finally {
      for (const name of readdirSync(this.folder))
        if (name.startsWith(out) || name === `cache-${seed}`)
          rmSync(join(this.folder, name), { recursive: true });
    }
  }

  private kind(random: RandomStream, out: string, cache: string): Promise<string | undefined> {
    const kind = Math.floor(random() * 8);
    const moment = () => Math.round(random() * 1.1 * this.compared.ms);
    if (kind < 4) return this.write(WRITERS[kind]!, out, cache, random);
    if (kind === 4) return this.afterWhole(out, cache, moment());
    return this.compare(out, cache, kind === 5 ? [moment(), moment()] : [moment()]);
  }

  /** Kills a command that writes whole files: each is whole or absent, and the command can be run again. */
  private async write(
    writer: Writer,
    out: string,
    cache: string,
    random: RandomStream,
  ): Promise<string | undefined> {
    const { files, ms } = this.writers.get(writer)!;
    const wrong = (mayLack: boolean) =>
      writer.files.find((name) => {
        const path = join(this.folder, `${out}${name}`);
        if (!existsSync(path)) return !mayLack;
        return !readFileSync(path).equals(files.get(`sample${name}`)!);
      });
    await this.run(writer.args(out), cache, random() * 1.1 * ms);
    const half = wrong(true);
    if (half !== undefined) return `${writer.name}: ${half} is written in part`;
    const code = await this.run(writer.args(out), cache);
    if (code !== 0) return `${writer.name} ended with ${code} after it was killed`;
    const other = wrong(false);
    return other === undefined ? undefined : `${writer.name}: ${other} differs, or is not there`;
  }

  /** Kills `compare` some times, the last of them while another one writes into the same folder; --resume completes it. */
  private async compare(out: string, cache: string, moments: readonly number[]): Promise<string | undefined> {
    const args = ['compare', 'e.yaml', '--out', out, '--resume'];
    for (const ms of moments) {
      const two = moments.length > 1 ? [this.run(args, cache, ms / 2)] : [];
      await Promise.all([...two, this.run(args, cache, ms)]);
    }
    const code = await this.run([...args, '--no-report'], cache);
    return code === 0 ? this.wrongIn(out) : `compare --resume ended with ${code}`;
  }

  /** Kills a new run, and then `report`, where a complete run is: that one must stay as it is. */
  private async afterWhole(out: string, cache: string, ms: number): Promise<string | undefined> {
    const args = ['compare', 'e.yaml', '--out', out];
    await this.mustRun([...args, '--no-report']);
    await this.run(args, cache, ms);
    const gate = await this.run(['gate', 'whole', out], cache);
    if (gate !== 0) return `gate ended with ${gate} after a new run was killed`;
    await this.run(['report', out], cache, ms);
    const code = await this.run([...args, '--no-report'], cache);
    return code === 0 ? this.wrongIn(out) : `compare ended with ${code} after report was killed`;
  }

  private wrongIn(out: string): string | undefined {
    const wrong = SAME.find(
      (name) => !readFileSync(join(this.folder, out, name)).equals(this.compared.files.get(`whole/${name}`)!),
    );
    if (wrong !== undefined) return `${wrong} differs`;
    const left = readdirSync(join(this.folder, out), { recursive: true, encoding: 'utf8' });
    const found = left.find((name) => LEFT.test(name));
    return found && `${found} is left`;
  }

  private async whole(args: readonly string[], files: readonly string[]): Promise<Whole> {
    const started = performance.now();
    await this.mustRun(args);
    const ms = performance.now() - started;
    return { files: new Map(files.map((name) => [name, readFileSync(join(this.folder, name))])), ms };
  }

  private async mustRun(args: readonly string[]): Promise<void> {
    const code = await this.run(args, 'cache');
    if (code !== 0) throw new Error(`reclaim ${args.join(' ')} ended with ${code}`);
  }

  /** Runs the command line until it ends, or is killed after some time. Returns its exit code; null where it was killed. */
  private async run(args: readonly string[], cache: string, killMs?: number): Promise<number | null> {
    const env = { ...process.env, XDG_CACHE_HOME: join(this.folder, cache) };
    const child = spawn(process.execPath, [CLI, ...args], { cwd: this.folder, env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    if (killMs !== undefined) {
      await Promise.race([ended, sleep(killMs)]);
      if (child.kill('SIGKILL')) this.kills++;
    }
    const [code] = await ended;
    return code;
  }
}

/**
 * Kills commands of the built command line (kill -9) at moments drawn from seeds, two of them at once among others, and
 * checks what is left: the run before, the bytes of an uninterrupted run after `--resume`, whole outputs. A seed names
 * the command and the moments, not the step it is killed at.
 */
export async function kills(folder: string): Promise<Part> {
  const bench = new KillBench(folder);
  await bench.open();
  return (seed) => bench.try(seed);
}
