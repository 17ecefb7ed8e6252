import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';

/** A mapping of private memory, in pages: from `start`, not including `end`. */
export interface Mapping {
  readonly start: number;
  readonly end: number;
}

const PAGE_SHIFT = 12;
const ENTRY_BYTES = 8;
/** Bits of the upper half of an entry. Source: linux/Documentation/admin-guide/mm/pagemap.rst. */
const PRESENT = 1 << 31;
const EXCLUSIVE = 1 << 24;
const SOFT_DIRTY = 1 << 23;
/** Entries read at a time. */
const MOST_ENTRIES = 1 << 16;

/** Private memory of no file that may be read, by the text of `/proc/PID/maps`. */
export function privateMappings(maps: string): Mapping[] {
  return maps.split('\n').flatMap((line) => {
    const [, start, end, inode, name] =
      /^([0-9a-f]+)-([0-9a-f]+) r..p \S+ \S+ (\d+)\s*(.*)$/.exec(line) ?? [];
    if (start === undefined || inode !== '0' || /^\[v/.test(name!)) return [];
    const page = (address: string) => Number.parseInt(address, 16) / 2 ** PAGE_SHIFT;
    return [{ start: page(start), end: page(end!) }];
  });
}

/** A run of pages in memory that no other process maps. */
export interface Run {
  readonly page: number;
  readonly count: number;
  /** Written since soft-dirty bits were cleared, where the kernel has them. */
  readonly dirty: boolean;
}

/** The runs of an excerpt of pagemap. @param page that of its first entry */
export function runsOf(entries: Buffer, page: number): Run[] {
  const runs: Run[] = [];
  const count = entries.length / ENTRY_BYTES;
  let from = -1;
  let bits = 0;
  for (let i = 0; i <= count; i++) {
    const high = i < count ? entries.readInt32LE(i * ENTRY_BYTES + 4) : 0;
    const now = (high & PRESENT) !== 0 && (high & EXCLUSIVE) !== 0 ? high & (PRESENT | SOFT_DIRTY) : 0;
    if (now === bits) continue;
    if (bits !== 0) runs.push({ page: page + from, count: i - from, dirty: (bits & SOFT_DIRTY) !== 0 });
    from = i;
    bits = now;
  }
  return runs;
}

/** `/proc/PID/pagemap`, while it is open. */
export class Pagemap {
  private readonly fd: number;

  /** @throws the error of a process that has ended, or may not be looked into */
  constructor(pid: number | 'self') {
    this.fd = openSync(`/proc/${pid}/pagemap`, 'r');
  }

  /** Runs of pages in memory within a range. */
  *runs({ start, end }: Mapping): Generator<Run> {
    for (let page = start; page < end; page += MOST_ENTRIES) {
      const entries = Buffer.alloc(Math.min(end - page, MOST_ENTRIES) * ENTRY_BYTES);
      const got = readSync(this.fd, entries, 0, entries.length, page * ENTRY_BYTES);
      yield* runsOf(entries.subarray(0, got - (got % ENTRY_BYTES)), page);
      if (got < entries.length) return;
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Clears the soft-dirty bits of a process. Source: proc_pid_clear_refs(5). */
export function clearSoftDirty(pid: number | 'self'): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '4');
}

const PROBE_BYTES = 1 << 20;

/**
 * Whether this kernel tells which pages were written since bits were cleared: kernels that do not have it accept that, too. Clears
 * the bits of this process and writes memory.
 *
 * @param maps of this process
 */
export function hasSoftDirty(maps: () => string): boolean {
  try {
    const memory = Buffer.alloc(PROBE_BYTES, 1);
    clearSoftDirty('self');
    memory.fill(2);
    const pagemap = new Pagemap('self');
    const all = privateMappings(maps()).flatMap((mapping) => [...pagemap.runs(mapping)]);
    pagemap.close();
    const pages = (dirty: boolean) =>
      all.reduce((sum, run) => sum + (run.dirty === dirty ? run.count : 0), 0);
    return pages(true) >= PROBE_BYTES >> PAGE_SHIFT && pages(false) > 0;
  } catch {
    return false;
  }
}
