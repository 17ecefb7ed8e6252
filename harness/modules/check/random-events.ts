import { type RandomStream, randomStream } from '../../stats/random.js';
import type { Trace } from '../../trace/trace.js';
import { traceOfLines } from './traces.js';

/** Regions of each space: private memory, an object of its own, one that both map, a file, and memory that others need. */
const REGIONS = { anon: 0, own: 100, shared: 200, file: 300, noise: 400 } as const;
/** Pages of a region. */
const PAGES = 48;
/** The memory that one event or the next may move (mremap) is here or there. */
const ELSEWHERE = 600;
const SPACES = [1, 2] as const;
const CHILD = 3;
/** Pages of all regions of both spaces, each counted once. */
const ALL_PAGES = PAGES * 8;
/** Gaps between events, in µs: daemons and timers work in between. */
const GAPS = [0, 1, 5, 100, 5000, 200_000];

/** Which events there are besides accesses, discards, unpins and pins. */
export interface Kinds {
  /** Memory that moves, is mapped again, or is a fork's; files, locks and advice of the program itself. */
  readonly all: boolean;
  /** Pages with equal contents, which may be merged. */
  readonly equal?: boolean;
}

/** Makes events that make sense, drawn from a stream. */
class RandomEvents {
  readonly lines: string[] = [];
  private timeUs = 0;
  private readonly noise = new Map<number, number>(SPACES.map((space) => [space, REGIONS.noise]));
  private child = false;

  constructor(
    private readonly random: RandomStream,
    private readonly kinds: Kinds,
  ) {
    this.add(`object,,,${PAGES},shmem:all`, `object,,,${PAGES},file:f`);
    for (const space of SPACES) this.begin(space);
  }

  private begin(space: number): void {
    const map = (page: number, what: string) => `map,${space},${page},${PAGES},${what}`;
    this.add(
      `spawn,${space},,,p${space}`,
      `object,,,${PAGES},shmem:o${space}`,
      map(REGIONS.anon, 'anon'),
      map(REGIONS.own, `shared:o${space}@0`),
      map(REGIONS.shared, 'shared:all@0'),
      map(REGIONS.file, 'private:f@0'),
      map(REGIONS.noise, 'anon'),
      ...(this.kinds.equal ? [`prctl,${space},,,merge=1`] : []),
    );
  }

  private add(...events: readonly string[]): void {
    for (const event of events) this.lines.push(`${this.timeUs},${event}`);
  }

  private pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random() * values.length)]!;
  }

  /** A range of one region: the first page within it, and how many. */
  private part(): { page: number; count: number } {
    const page = Math.floor(this.random() * PAGES);
    return { page, count: 1 + Math.floor(this.random() * Math.min(12, PAGES - page)) };
  }

  step(): void {
    this.timeUs += this.pick(GAPS);
    const space = this.pick(SPACES);
    const regions = this.kinds.all
      ? ([REGIONS.anon, REGIONS.own, REGIONS.shared] as const)
      : ([REGIONS.anon, REGIONS.own] as const);
    const { page, count } = this.part();
    const at = this.pick(regions) + page;
    const range = `${space},${at},${count}`;
    const what = this.random();
    if (what < 0.3) this.add(`write,${range},${this.contents()}`);
    else if (what < 0.45) this.add(`read,${range},`);
    else if (what < 0.6) this.add(`discard,${range},`);
    else if (what < 0.7) this.add(`unpin,${range},regen_ns=${100 * count}`);
    else if (what < 0.8) this.add(`pin,${range},`);
    else if (what < 0.92) this.add(`write,${space},${this.noise.get(space)! + page},${count},`);
    else if (what < 0.95) this.add(`pressure,,,,${this.pick(['moderate', 'critical'])}`);
    else if (this.kinds.all) this.other(space, page, count);
  }

  /** Few contents, so that many pages are equal. */
  private contents(): string {
    return this.kinds.equal ? `=${1 + Math.floor(this.random() * 3)}` : '';
  }

  private other(space: number, page: number, count: number): void {
    const range = (region: number) => `${space},${region + page},${count}`;
    const anon = range(REGIONS.anon);
    const advice = this.pick(['MADV_COLD', 'MADV_FREE', 'MADV_PAGEOUT', 'MADV_DONTNEED']);
    this.pick([
      () => this.add(`madvise,${anon},${advice}`),
      () => this.add(`lock,${anon}`.concat(','), `unlock,${anon},`),
      () => this.add(`read,${range(REGIONS.file)},`),
      () => this.add(`pread,${range(0)},f`),
      () => this.add(`pwrite,,${page},${count},f`, 'sync,,,,f'),
      () => this.add(`unmap,${anon},`, `map,${anon},anon`),
      () => this.move(space),
      () => this.fork(space),
    ])();
  }

  private move(space: number): void {
    const from = this.noise.get(space)!;
    const to = from === ELSEWHERE ? REGIONS.noise : ELSEWHERE;
    this.add(`remap,${space},${from},${PAGES},to=${to}`);
    this.noise.set(space, to);
  }

  private fork(space: number): void {
    if (this.child) this.add(`exit,${CHILD},,,`);
    else this.add(`fork,${space},,,${CHILD}`, `write,${CHILD},${REGIONS.anon},${PAGES},`);
    this.child = !this.child;
  }
}

/** Traces that have been made, by what they were made from. */
const made = new Map<string, Promise<Trace>>();

/** A trace of random events of two programs. The same one is made once. */
export function randomTrace(seed: number, events: number, kinds: Kinds): Promise<Trace> {
  const key = JSON.stringify([seed, events, kinds]);
  const known = made.get(key);
  if (known) return known;
  const maker = new RandomEvents(randomStream(seed, 'check/events'), kinds);
  for (let i = 0; i < events; i++) maker.step();
  const trace = traceOfLines(`random trace ${seed}`, maker.lines);
  made.set(key, trace);
  return trace;
}

/** A limit that is too little for random traces. */
export const SHORT_LIMIT = Math.floor(ALL_PAGES / 3);
