import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { systemErrorCode } from '../../base/errors.js';
import { readProc } from '../process.js';
import { clearSoftDirty, type Mapping, Pagemap, privateMappings, type Run } from './pagemap.js';

const PAGE_BYTES = 4096;
/** Pages that are read at a time: what happens to one of them meanwhile is not known. */
const CHUNK_PAGES = 256;
/** Mappings above this are left out: those of sanitizers have TiB, and their page tables would be read whole. */
const MOST_PAGES = 1 << 24;
const ZEROS = Buffer.alloc(PAGE_BYTES);
const HASH_DIGITS = 16;

/** 64 bits of the SHA-1 of a page, in hexadecimal; `0` for zeros. */
export function hashOf(page: Buffer): string {
  if (page.equals(ZEROS)) return '0';
  return createHash('sha1').update(page).digest('hex').slice(0, HASH_DIGITS);
}

/** Pages that follow each other and hold the same, or still what they held when last looked at. */
interface Held {
  readonly page: number;
  count: number;
  readonly hash: string | undefined;
}

/** Appends a page to runs. */
function add(runs: Held[], page: number, hash: string | undefined): void {
  const last = runs.at(-1);
  if (last !== undefined && last.hash === hash && last.page + last.count === page) last.count++;
  else runs.push({ page, count: 1, hash });
}

/**
 * Looks at what the private memory of a process holds: pages in memory that no other process maps. What is shared after a fork, in
 * swap, or never written is passed over. Form of what it says: harness/record/README.md, `contents.txt`.
 */
export class Looker {
  /** By page, the hash that was said last. */
  private readonly known = new Map<number, string>();
  private readonly buffer = Buffer.alloc(CHUNK_PAGES * PAGE_BYTES);
  private said: string[] = [];

  /**
   * @param softDirty whether the kernel tells which pages were written
   * @param stopped whether to stop in the middle
   */
  constructor(
    private readonly pid: number,
    private readonly softDirty: boolean,
    private readonly stopped: () => boolean,
  ) {}

  /** Returns what it saw, as lines; undefined where the process has ended. */
  look(): string | undefined {
    this.said = [];
    try {
      const pagemap = new Pagemap(this.pid);
      const mem = openSync(`/proc/${this.pid}/mem`, 'r');
      try {
        this.lookAt(pagemap, mem);
      } finally {
        pagemap.close();
        closeSync(mem);
      }
    } catch (error) {
      if (/^(EACCES|EPERM)$/.test(systemErrorCode(error) ?? '')) return `denied ${this.pid}\n`;
      // It has ended meanwhile.
      return this.said.length > 0 ? this.said.join('') : undefined;
    }
    return this.said.join('');
  }

  private lookAt(pagemap: Pagemap, mem: number): void {
    const mappings = privateMappings(readProc(`/proc/${this.pid}/maps`) ?? '');
    const runs = mappings.flatMap((mapping) => this.runs(pagemap, mapping));
    // Before pages are read: what is written after that is seen the next time.
    if (this.softDirty) clearSoftDirty(this.pid);
    for (const run of runs)
      for (let done = 0; done < run.count && !this.stopped(); done += CHUNK_PAGES) {
        const count = Math.min(CHUNK_PAGES, run.count - done);
        this.chunk(pagemap, mem, { ...run, page: run.page + done, count });
      }
  }

  private runs(pagemap: Pagemap, mapping: Mapping): Run[] {
    const pages = mapping.end - mapping.start;
    if (pages <= MOST_PAGES) return [...pagemap.runs(mapping)];
    this.said.push(`large ${this.pid} ${pages}\n`);
    return [];
  }

  private chunk(pagemap: Pagemap, mem: number, { page, count, dirty }: Run): void {
    const from = process.hrtime.bigint();
    const isClean = this.softDirty && !dirty;
    const hashes = isClean ? [] : this.hashes(mem, page, count);
    const held: Held[] = [];
    // A page that was dropped meanwhile is passed over.
    for (const run of pagemap.runs({ start: page, end: page + count }))
      for (let i = run.page; i < run.page + run.count; i++) {
        const hash = isClean ? this.known.get(i) : hashes[i - page];
        if (hash === undefined) continue;
        add(held, i, this.known.get(i) === hash ? undefined : hash);
        this.known.set(i, hash);
      }
    if (held.length === 0) return;
    const lines = held.map(
      (run) => `${run.page.toString(16)} ${run.count}${run.hash ? ` ${run.hash}` : ''}\n`,
    );
    this.said.push(`look ${from} ${process.hrtime.bigint()} ${this.pid}\n`, ...lines);
  }

  private hashes(mem: number, page: number, count: number): string[] {
    const got = readSync(mem, this.buffer, 0, count * PAGE_BYTES, page * PAGE_BYTES);
    return Array.from({ length: Math.floor(got / PAGE_BYTES) }, (_, i) =>
      hashOf(this.buffer.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES)),
    );
  }
}
