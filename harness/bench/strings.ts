import { MemoryReference } from '../mrc/reference.js';
import { type RandomStream, randomStream } from '../stats/random.js';

/** A reference string with the cache it is meant for. */
export interface BenchString {
  readonly name: string;
  readonly reference: MemoryReference;
  /** Pages of the cache. */
  readonly capacity: number;
}

/** Pages of a full-size string, and the requests a page from which on a string has its full size. */
const PAGES = 100_000;
const REQUESTS_A_PAGE = 10;
/** Share of the pages that fit. */
const CACHED = 0.1;
/** One scan: a number of pages, each used once, after a number of uses of the hot set; in shares of the cache. */
const SCAN = 0.2;
const HOT_USES = 0.8;
const HOT_SET = 0.5;

/** Short strings have fewer pages, so that caches fill and pages go in them too. */
function pagesFor(requests: number): number {
  return Math.max(20, Math.min(PAGES, Math.floor(requests / REQUESTS_A_PAGE)));
}

/**
 * Draws ranks 0 … n - 1 with probability proportional to 1 / (rank + 1)^skew: a binary search in the running sum.
 */
export function zipfRanks(n: number, skew: number, random: RandomStream): () => number {
  const sums = new Float64Array(n);
  let total = 0;
  for (let rank = 0; rank < n; rank++) {
    // exp of a logarithm: the result of ** differs between versions of V8.
    total += Math.exp(-skew * Math.log(rank + 1));
    sums[rank] = total;
  }
  return () => {
    const drawn = random() * total;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Pages as dense ids in order of first appearance, in memory that workers share. */
export function denseString(
  name: string,
  requests: number,
  page: (request: number) => number,
): MemoryReference {
  const ids = new Int32Array(new SharedArrayBuffer(4 * requests));
  const known = new Map<number, number>();
  for (let i = 0; i < requests; i++) {
    const wanted = page(i);
    let id = known.get(wanted);
    if (id === undefined) {
      id = known.size;
      known.set(wanted, id);
    }
    ids[i] = id;
  }
  return new MemoryReference(name, ids, known.size);
}

/** Independent requests, popularity by Zipf's law: what replacement policies are usually compared on. */
function zipfString(requests: number): BenchString {
  const pages = pagesFor(requests);
  const draw = zipfRanks(pages, 1, randomStream(1, 'bench/zipf'));
  return {
    name: 'zipf',
    reference: denseString('zipf', requests, draw),
    capacity: Math.floor(pages * CACHED),
  };
}

/** The same pages in a loop, 1.5 times as many as fit: recency alone never hits. */
function loopString(requests: number): BenchString {
  const capacity = Math.floor(pagesFor(requests) * CACHED);
  const pages = Math.floor(capacity * 1.5);
  return { name: 'loop', reference: denseString('loop', requests, (i) => i % pages), capacity };
}

/** A hot set that fits twice, and scans over pages that never come again. */
function scanString(requests: number): BenchString {
  const capacity = Math.floor(pagesFor(requests) * CACHED);
  const hot = Math.ceil(capacity * HOT_SET);
  const uses = Math.ceil(capacity * HOT_USES);
  const period = uses + Math.ceil(capacity * SCAN);
  const random = randomStream(1, 'bench/scan');
  let fresh = hot;
  const page = (i: number) => (i % period < uses ? Math.floor(random() * hot) : fresh++);
  return { name: 'scan', reference: denseString('scan', requests, page), capacity };
}

const STRINGS = { zipf: zipfString, loop: loopString, scan: scanString } as const;

export type StringName = keyof typeof STRINGS;

export const STRING_NAMES = Object.keys(STRINGS) as readonly StringName[];

/** A seeded reference string of a number of requests. */
export function benchString(name: StringName, requests: number): BenchString {
  return STRINGS[name](requests);
}
