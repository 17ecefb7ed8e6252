import { readFileSync } from 'node:fs';

/** A record of the valgrind tool, decoded for tests. Source of the form: harness/record/valgrind/README.md. */
export interface PageRecord {
  readonly kind: string;
  /** The first page, the number of the call, the descriptor: what the first word says. */
  readonly value: number;
  /** Pages of an access, bits of a mapping. */
  readonly more: number;
  readonly words: readonly bigint[];
  readonly text: string;
}

/** A file of the valgrind tool. */
export interface PageFile {
  readonly pid: number;
  readonly parent: number;
  /** 0 started, 1 forked, 2 executed. */
  readonly born: number;
  readonly forkedAt: bigint;
  readonly command: string;
  readonly records: readonly PageRecord[];
}

const KINDS = [
  'R',
  'W',
  'F',
  'time',
  'thread',
  'call',
  'enter',
  'map',
  'object',
  'io',
  'content',
  'string',
  'end',
] as const;
const WORDS: Readonly<Record<string, number>> = {
  call: 7,
  enter: 7,
  map: 4,
  object: 4,
  io: 4,
  content: 1,
  end: 1,
};
const TEXTS = ['map', 'object', 'string'];

/** Reads a file of records. Throws where it is not one, or ends within a record. */
export function readPageFile(path: string): PageFile {
  const bytes = readFileSync(path);
  const words = new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  let at = 0;
  const next = () => {
    if (at >= words.length) throw new Error(`${path} ends within a record`);
    return words[at++]!;
  };
  const text = () => {
    const length = Number(next());
    const start = at * 8;
    at += Math.ceil(length / 8);
    return bytes.toString('utf8', start, start + length);
  };
  const header = Array.from({ length: 12 }, next);
  if (bytes.toString('latin1', 0, 8) !== 'RCLMPAGE') throw new Error(`${path} is no file of pages`);
  const command = text();
  const records: PageRecord[] = [];
  while (at < words.length) {
    const word = next();
    const kind = KINDS[Number(word & 15n)]!;
    const paged = ['R', 'W', 'F', 'map'].includes(kind);
    records.push({
      kind,
      value: Number(paged ? (word >> 4n) & 0xff_ffff_ffffn : word >> 4n),
      more: Number(word >> 44n),
      words: Array.from({ length: WORDS[kind] ?? 0 }, next),
      text: TEXTS.includes(kind) ? text() : '',
    });
  }
  const [, , pid, parent, born, forkedAt] = header;
  return {
    pid: Number(pid),
    parent: Number(parent),
    born: Number(born),
    forkedAt: forkedAt!,
    command,
    records,
  };
}

/** Accesses within a range of pages, as `R 3`, pages counted from its first; other records by what `other` makes of them. */
export function accessesWithin(
  { records }: PageFile,
  first: number,
  pages: number,
  other: (record: PageRecord) => string | undefined = () => undefined,
): string[] {
  return records.flatMap((record) => {
    if (record.kind !== 'R' && record.kind !== 'W') return other(record) ?? [];
    const all = Array.from({ length: record.more + 1 }, (_, i) => record.value + i - first);
    return all.filter((page) => page >= 0 && page < pages).map((page) => `${record.kind} ${page}`);
  });
}

/** Leaves out accesses that say nothing after the one before: to the same page, and no first write. */
export function collapsed(accesses: readonly string[]): string[] {
  return accesses.filter((access, i) => {
    const before = accesses[i - 1];
    return access !== before && !(access.startsWith('R ') && before === `W ${access.slice(2)}`);
  });
}
