import { type Draws, firstAtLeast, xorshift64Star } from '../patterns.js';

/** The limit of the memory cgroup that all of these ran in, in pages: 16 MiB. */
const LIVE_LIMIT = 4096;
/** Between two events, in µs of trace time. */
const EVENT_US = 20;

/** First pages of the mappings, so far from each other that each has page tables of its own. */
const FIRST = 2 ** 20;
const SECOND = FIRST + 2 ** 18;

const part = (share: number): number => Math.floor(LIVE_LIMIT * share);

/** The lines of a trace, an event each. */
class Script {
  readonly lines: string[] = [];

  event(
    op: string,
    space: number | '' = '',
    page: number | '' = '',
    count: number | '' = '',
    arg = '',
  ): void {
    this.lines.push(`${this.lines.length * EVENT_US},${op},${space},${page},${count},${arg}`);
  }

  spawn(space: number): void {
    this.event('spawn', space);
  }

  object(name: string, pages: number): void {
    this.event('object', '', '', pages, name);
  }

  map(space: number, page: number, count: number, arg: string): void {
    this.event('map', space, page, count, arg);
  }

  read(page: number, count = 1, space = 1): void {
    this.event('read', space, page, count);
  }

  write(page: number, count = 1, space = 1): void {
    this.event('write', space, page, count);
  }

  advise(page: number, count: number, advice: string): void {
    this.event('madvise', 1, page, count, advice);
  }
}

/** Pages 0 … n - 1, the one of rank r with a probability proportional to r^-skew, in random places. */
function zipf(pages: number, skew: number, draws: Draws): () => number {
  const sums = new Float64Array(pages);
  let sum = 0;
  for (let i = 0; i < pages; i++) {
    sum += Math.exp(-skew * Math.log(i + 1));
    sums[i] = sum;
  }
  const pageOfRank = Uint32Array.from({ length: pages }, (_, i) => i);
  for (let i = pages - 1; i > 0; i--) {
    const other = draws.below(i + 1);
    const swapped = pageOfRank[i]!;
    pageOfRank[i] = pageOfRank[other]!;
    pageOfRank[other] = swapped;
  }
  return () => pageOfRank[firstAtLeast(sums, draws.unit() * sum)]!;
}

/** Anonymous memory and a file, used alternately, both by Zipf's law. */
function mixed(s: Script, draws: Draws, swappiness: number): void {
  const pages = part(0.9);
  const anon = zipf(pages, 0.9, draws);
  const file = zipf(pages, 0.9, draws);
  s.spawn(1);
  s.object('file:f', pages);
  s.map(1, FIRST, pages, 'anon');
  s.map(1, SECOND, pages, 'shared:f@0 ro');
  s.event('set', '', '', '', `vm.swappiness=${swappiness}`);
  for (let i = 0; i < 8 * LIVE_LIMIT; i++) {
    if (i & 1) s.read(SECOND + file());
    else s.write(FIRST + anon());
  }
}

/** One pass over a file, next to hot anonymous memory. */
function anonStream(s: Script, draws: Draws): void {
  const hot = part(0.7);
  s.spawn(1);
  s.object('file:s', 4 * LIVE_LIMIT);
  s.map(1, FIRST, hot, 'anon');
  s.map(1, SECOND, 4 * LIVE_LIMIT, 'shared:s@0 ro');
  for (let i = 0; i < hot; i++) s.write(FIRST + i);
  for (let i = 0; i < 4 * LIVE_LIMIT; i++) {
    s.read(SECOND + i);
    if (i % 4 === 0) s.write(FIRST + draws.below(hot));
  }
  for (let i = 0; i < 2 * hot; i++) s.write(FIRST + draws.below(hot));
}

/** Shared memory that two processes use in turns. */
function sharedByTwo(s: Script, draws: Draws): void {
  const pages = part(1.5);
  const page = zipf(pages, 0.9, draws);
  s.spawn(1);
  s.spawn(2);
  s.object('shmem:m', pages);
  for (const space of [1, 2]) s.map(space, FIRST, pages, 'shared:m@0');
  for (let i = 0; i < 6 * LIVE_LIMIT; i++)
    s.event((i >> 7) & 1 ? 'read' : 'write', 1 + ((i >> 6) & 1), FIRST + page(), 1);
}

/** Shared memory of two processes, next to a file. */
function sharedAndFile(s: Script, draws: Draws): void {
  const pages = part(0.6);
  const file = zipf(LIVE_LIMIT, 0.9, draws);
  s.spawn(1);
  s.spawn(2);
  s.object('shmem:m', pages);
  s.object('file:f', LIVE_LIMIT);
  for (const space of [1, 2]) s.map(space, FIRST, pages, 'shared:m@0');
  s.map(1, SECOND, LIVE_LIMIT, 'shared:f@0 ro');
  s.write(FIRST, pages);
  for (let i = 0; i < pages; i += 64) s.read(FIRST + i, Math.min(64, pages - i), 2);
  for (let i = 0; i < 4 * LIVE_LIMIT; i++) {
    s.read(SECOND + file());
    if (i % 16 === 0) s.read(FIRST + ((i * 7) % pages), 1, 2);
  }
}

/** MADV_FREE of half, a quarter of which is written again; then new memory; then all is read. */
function freed(s: Script, pressure: number): void {
  const pages = part(0.9);
  const half = pages >> 1;
  s.spawn(1);
  s.map(1, FIRST, pages, 'anon');
  s.map(1, SECOND, LIVE_LIMIT, 'anon');
  s.write(FIRST, pages);
  s.advise(FIRST, half, 'MADV_FREE');
  for (let i = 0; i < half; i += 4) s.write(FIRST + i);
  s.write(SECOND, part(pressure));
  for (let i = 0; i < half; i += 4) s.write(FIRST + i, 2);
  s.read(FIRST, pages);
}

/** MADV_COLD of half, then new memory, then the other half is read before it. */
function cold(s: Script): void {
  const pages = part(0.8);
  const half = pages >> 1;
  s.spawn(1);
  s.map(1, FIRST, pages, 'anon');
  s.map(1, SECOND, LIVE_LIMIT, 'anon');
  s.write(FIRST, pages);
  s.read(FIRST, pages);
  s.advise(FIRST, half, 'MADV_COLD');
  s.write(SECOND, part(0.5));
  s.read(FIRST + half, pages - half);
  s.read(FIRST, half);
}

/** MADV_COLD and MADV_PAGEOUT of parts of a file, then another file, then all of the first. */
function coldFile(s: Script): void {
  const pages = part(0.8);
  const half = pages >> 1;
  s.spawn(1);
  s.object('file:c', pages);
  s.object('file:d', LIVE_LIMIT);
  s.map(1, FIRST, pages, 'shared:c@0 ro');
  s.map(1, SECOND, LIVE_LIMIT, 'shared:d@0 ro');
  for (let i = 0; i < 2 * pages; i++) s.read(FIRST + (i % pages));
  s.advise(FIRST, half, 'MADV_COLD');
  s.advise(FIRST + half, half >> 1, 'MADV_PAGEOUT');
  s.read(SECOND, part(0.7));
  s.read(FIRST, pages);
}

/** A child saves a snapshot in order while its parent writes (redis' bgsave). */
function snapshot(s: Script, draws: Draws): void {
  const pages = part(0.7);
  const page = zipf(pages, 0.99, draws);
  s.spawn(1);
  s.map(1, FIRST, pages, 'anon');
  s.write(FIRST, pages);
  s.event('fork', 1, '', '', '2');
  for (let i = 0; i < pages; i += 32) {
    s.read(FIRST + i, Math.min(32, pages - i), 2);
    for (let k = 0; k < 32; k++) s.write(FIRST + page());
  }
  s.event('exit', 2);
  for (let i = 0; i < 2 * pages; i++) s.read(FIRST + page());
}

/** A hot set that moves on three times and returns. */
function phases(s: Script, draws: Draws, kind: 'anon' | 'file'): void {
  const hot = part(0.6);
  s.spawn(1);
  if (kind === 'file') s.object('file:p', 4 * hot);
  s.map(1, FIRST, 4 * hot, kind === 'file' ? 'shared:p@0 ro' : 'anon');
  const use = (page: number) => (kind === 'file' ? s.read(page) : s.write(page));
  for (let phase = 0; phase < 4; phase++)
    for (let i = 0; i < 5 * hot; i++) use(FIRST + phase * hot + draws.below(hot));
  for (let i = 0; i < 3 * hot; i++) use(FIRST + draws.below(hot));
}

/** More than fits, in order, eight times. */
function loop(s: Script, kind: 'anon' | 'file'): void {
  const pages = part(1.1);
  s.spawn(1);
  if (kind === 'file') s.object('file:l', pages);
  s.map(1, FIRST, pages, kind === 'file' ? 'shared:l@0 ro' : 'anon');
  for (let i = 0; i < 8 * pages; i++) {
    if (kind === 'file') s.read(FIRST + (i % pages));
    else s.write(FIRST + (i % pages));
  }
}

/** A shared file, half of whose uses are writes. */
function writtenFile(s: Script, draws: Draws): void {
  const pages = 2 * LIVE_LIMIT;
  const page = zipf(pages, 0.9, draws);
  s.spawn(1);
  s.object('file:w', pages);
  s.map(1, FIRST, pages, 'shared:w@0');
  for (let i = 0; i < 6 * LIVE_LIMIT; i++) s.event(draws.below(2) ? 'write' : 'read', 1, FIRST + page(), 1);
}

/** A stream, each page twice, next to a hot file. */
function stream(s: Script, draws: Draws, advice: '' | ' sequential'): void {
  const hot = part(0.6);
  s.spawn(1);
  s.object('file:h6', hot);
  s.object('file:q', 3 * LIVE_LIMIT);
  s.map(1, FIRST, hot, 'shared:h6@0 ro');
  s.map(1, SECOND, 3 * LIVE_LIMIT, `shared:q@0 ro${advice}`);
  for (let i = 0; i < 5 * hot; i++) s.read(FIRST + draws.below(hot));
  for (let i = 0; i < 3 * LIVE_LIMIT; i++) {
    s.read(SECOND + i);
    s.read(SECOND + i);
    if (i % 4 === 0) s.read(FIRST + draws.below(hot));
  }
  for (let i = 0; i < 3 * hot; i++) s.read(FIRST + draws.below(hot));
}

const DROPS: Readonly<Record<string, (s: Script, half: number) => void>> = {
  keep: () => {},
  remove: (s, half) => s.advise(FIRST, half, 'MADV_REMOVE'),
  punch: (s, half) => s.event('fallocate', 1, 0, half, 'punch:d'),
  dontneed: (s, half) => s.advise(FIRST, half, 'MADV_DONTNEED'),
};

/** Half of a pool of shared memory is given back one way or another; a file presses; the half is used again. */
function drop(s: Script, draws: Draws, how: string): void {
  const pages = part(0.8);
  const half = pages >> 1;
  const file = zipf(LIVE_LIMIT, 0.9, draws);
  s.spawn(1);
  s.object('shmem:d', pages);
  s.object('file:f', LIVE_LIMIT);
  s.map(1, FIRST, pages, 'shared:d@0');
  s.map(1, SECOND, LIVE_LIMIT, 'shared:f@0 ro');
  s.write(FIRST, pages);
  DROPS[how]!(s, half);
  for (let i = 0; i < 4 * LIVE_LIMIT; i++) s.read(SECOND + file());
  s.write(FIRST, half);
  for (let i = 0; i < 2 * LIVE_LIMIT; i++) s.read(SECOND + file());
}

/** The limit falls to half in mid-run. @param limit pages that fit before, and after it has fallen */
function shrunk(s: Script, draws: Draws, [before, after]: readonly [number, number]): void {
  const pages = part(0.9);
  const page = zipf(pages, 0.9, draws);
  s.event('limit', '', '', before);
  s.spawn(1);
  s.map(1, FIRST, pages, 'anon');
  s.write(FIRST, pages);
  for (let i = 0; i < 3 * pages; i++) s.write(FIRST + page());
  s.event('limit', '', '', after);
  for (let i = 0; i < 3 * pages; i++) s.write(FIRST + page());
}

/** A private mapping of a file, a third of whose pages are written. */
function privateFile(s: Script, draws: Draws): void {
  const pages = part(1.3);
  const page = zipf(pages, 0.9, draws);
  s.spawn(1);
  s.object('file:pf', pages);
  s.map(1, FIRST, pages, 'private:pf@0');
  for (let i = 0; i < 6 * LIVE_LIMIT; i++) {
    const used = page();
    if (used % 3 === 0) s.write(FIRST + used);
    else s.read(FIRST + used);
  }
}

type Make = (s: Script, draws: Draws, limit: number) => void;

/** What ran on the kernel, by the names of the rows. */
const WORKLOADS: Readonly<Record<string, Make>> = {
  anonstream_60: anonStream,
  bgsave: snapshot,
  coldfile: coldFile,
  drop_dontneed: (s, draws) => drop(s, draws, 'dontneed'),
  drop_keep: (s, draws) => drop(s, draws, 'keep'),
  drop_punch: (s, draws) => drop(s, draws, 'punch'),
  drop_remove: (s, draws) => drop(s, draws, 'remove'),
  loop_anon: (s) => loop(s, 'anon'),
  loop_file: (s) => loop(s, 'file'),
  mcold: cold,
  'mfree_0.2': (s) => freed(s, 0.2),
  'mfree_0.5': (s) => freed(s, 0.5),
  mixed_0: (s, draws) => mixed(s, draws, 0),
  mixed_60: (s, draws) => mixed(s, draws, 60),
  pfile: privateFile,
  phases_anon: (s, draws) => phases(s, draws, 'anon'),
  phases_file: (s, draws) => phases(s, draws, 'file'),
  seq: (s, draws) => stream(s, draws, ''),
  seq_sequential: (s, draws) => stream(s, draws, ' sequential'),
  shm2: sharedByTwo,
  shm2file: sharedAndFile,
  shrinklimit: (s, draws, limit) => shrunk(s, draws, [limit, limit - LIVE_LIMIT / 2]),
  wfile: writtenFile,
};

/** The lines of a workload's trace after some `set` events. @param limit pages that the kernel could use */
export function workloadLines(name: string, limit: number, settings: readonly string[]): string {
  const script = new Script();
  for (const setting of settings) script.event('set', '', '', '', setting);
  WORKLOADS[name]!(script, xorshift64Star(), limit);
  return `${script.lines.join('\n')}\n`;
}
