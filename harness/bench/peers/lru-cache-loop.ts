// A user's own loop over a file of requests with npm's lru-cache: node lru-cache-loop.js PACKAGE FILE CAPACITY. Prints misses.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

interface LruCache {
  get(key: number): unknown;
  set(key: number, value: true): unknown;
}

const [folder = '', file = '', capacity = ''] = process.argv.slice(2);
const { LRUCache } = createRequire(resolve(folder, 'index.js'))(resolve(folder)) as {
  readonly LRUCache: new (options: { readonly max: number }) => LruCache;
};
const RECORD_WORDS = 6;
const bytes = readFileSync(file);
const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const cache = new LRUCache({ max: Number(capacity) });
let misses = 0;
for (let at = 0; at < words.length; at += RECORD_WORDS) {
  // A number, as such a loop would have it: bigints are slower, and ids beyond 2^53 are seldom that near.
  const id = words[at + 2]! * 2 ** 32 + words[at + 1]!;
  if (cache.get(id) !== undefined) continue;
  misses++;
  cache.set(id, true);
}
console.log(misses);
