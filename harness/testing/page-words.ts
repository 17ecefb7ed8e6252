/** A word of the page tool's files: a number, or a text, which is its length and its bytes. */
type Part = number | bigint | string;

function wordsOf(part: Part): bigint[] {
  if (typeof part !== 'string') return [BigInt.asUintN(64, BigInt(part))];
  const bytes = Buffer.alloc(Math.ceil(Buffer.byteLength(part) / 8) * 8);
  bytes.write(part);
  const words = Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readBigUInt64LE(i * 8));
  return [BigInt(Buffer.byteLength(part)), ...words];
}

/** Words as a file has them: 64 bits, little-endian. */
export function pageWords(parts: readonly Part[]): Buffer {
  const words = parts.flatMap(wordsOf);
  const bytes = Buffer.alloc(words.length * 8);
  for (const [i, word] of words.entries()) bytes.writeBigUInt64LE(word, i * 8);
  return bytes;
}

const START_NS = 50_000_000_000n;
const FIRST = (kind: number, payload: number | bigint) => (BigInt(payload) << 4n) | BigInt(kind);

/** Records of the page tool, as parts. Source: harness/record/valgrind/README.md */
export const RECORDS = {
  header: (pid: number, born = 0, parent = 1, place = 0n, us = 0, command = './app --fast') => [
    0x454741504d4c4352n,
    1,
    pid,
    parent,
    born,
    place,
    0,
    0,
    1,
    4096,
    START_NS + BigInt(us) * 1000n,
    0,
    command,
  ],
  touch: (kind: 'read' | 'write' | 'fetch', page: number, pages = 1) => [
    FIRST({ read: 0, write: 1, fetch: 2 }[kind], BigInt(page) | (BigInt(pages - 1) << 40n)),
  ],
  time: (us: number) => [FIRST(3, START_NS + BigInt(us) * 1000n)],
  thread: (id: number) => [FIRST(4, id)],
  call: (number: number, result: number, ...args: number[]) => [
    FIRST(5, number),
    result,
    ...Array.from({ length: 6 }, (_, i) => args[i] ?? 0),
  ],
  enter: (number: number) => [FIRST(6, number), 0, 0, 0, 0, 0, 0, 0],
  map: (page: number, bits: number, pages: number, offset = 0, inode = 0, path = '') => [
    FIRST(7, BigInt(page) | (BigInt(bits) << 40n)),
    pages,
    1,
    inode,
    offset,
    path,
  ],
  object: (fd: number, inode: number, bytes: number, path: string) => [
    FIRST(8, fd),
    1,
    inode,
    bytes,
    0,
    path,
  ],
  io: (fd: number, writes: boolean, inode: number, offset: number, bytes: number) => [
    FIRST(9, BigInt(fd) | (writes ? 1n << 32n : 0n)),
    1,
    inode,
    offset,
    bytes,
  ],
  end: () => [FIRST(12, 0), 0],
} as const;
