/** What a page of a process maps: `anon`, or a page of a segment as `segment-1@3`. */
type Page = string;

/** A process as a naive model has it: every page and every descriptor by itself. */
export interface NaiveProcess {
  readonly id: number;
  pages: Map<number, Page>;
  /** Numbers of segments from 1; 0 is any other file. */
  files: Map<number, number>;
  break: number;
}

const PAGE = 4096;
const HEAP = 5000;
/** Pages that a mapping which has moved can grow by. */
const ROOM = 1000;
const hex = (page: number) => `0x${(page * PAGE).toString(16)}`;

/**
 * A program that runs at random and is logged as strace would: what a test compares an import with. It only makes calls
 * that a kernel allows.
 */
export class NaiveProgram {
  readonly lines: string[] = [];
  readonly processes: NaiveProcess[] = [];
  /** Sizes of segments in pages, by number - 1. */
  readonly sizes: number[] = [];
  /** What calls dropped: pages of segments, and of private memory as `process:page`. */
  readonly dropped: string[] = [];
  /** Calls that cannot be in a trace. */
  unrelated = 0;
  private free = 10_000;

  constructor() {
    this.processes.push({ id: 1, pages: new Map(), files: new Map(), break: HEAP });
    this.log(1, `brk(NULL) = ${hex(HEAP)}`);
    this.log(1, 'close(99) = 0');
    this.unrelated++;
  }

  private log(process: number, call: string): void {
    this.lines.push(`${process}  100.${String(this.lines.length).padStart(6, '0')} ${call}`);
  }

  private freeDescriptor({ files }: NaiveProcess): number {
    let fd = 3;
    while (files.has(fd)) fd++;
    return fd;
  }

  memfd(process: NaiveProcess, pages: number): void {
    const fd = this.freeDescriptor(process);
    this.sizes.push(pages);
    process.files.set(fd, this.sizes.length);
    this.log(process.id, `memfd_create("m", 0) = ${fd}`);
    this.log(process.id, `ftruncate(${fd}, ${pages * PAGE}) = 0`);
  }

  open(process: NaiveProcess): void {
    const fd = this.freeDescriptor(process);
    process.files.set(fd, 0);
    this.unrelated++;
    this.log(process.id, `openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = ${fd}`);
  }

  /** @param how which call duplicates it; dup2 onto a descriptor near `to` */
  dup(process: NaiveProcess, from: number, how: number, to: number): void {
    const file = process.files.get(from);
    if (file === undefined) return;
    const target = how === 2 ? 3 + to : this.freeDescriptor(process);
    const texts = [`dup(${from})`, `fcntl(${from}, F_DUPFD, 3)`, `dup2(${from}, ${target})`];
    if (file === 0) this.unrelated++;
    this.log(process.id, `${texts[how]} = ${target}`);
    process.files.set(target, file);
  }

  close(process: NaiveProcess, fd: number): void {
    const file = process.files.get(fd);
    if (file === undefined) return;
    if (file === 0) this.unrelated++;
    process.files.delete(fd);
    this.log(process.id, `close(${fd}) = 0`);
  }

  mapFile(process: NaiveProcess, fd: number, page: number, offset: number, count: number): void {
    const file = process.files.get(fd);
    if (file === undefined) return;
    const pages = file === 0 ? count : Math.min(count, this.sizes[file - 1]! - offset);
    if (pages <= 0) return;
    const where = `${hex(page)}, ${pages * PAGE}, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, ${fd}, ${offset * PAGE}`;
    this.log(process.id, `mmap(${where}) = ${hex(page)}`);
    const replaces = this.overlaps(process, page, pages);
    if (file === 0 && !replaces) this.unrelated++;
    for (let i = 0; i < pages; i++) {
      if (file === 0) process.pages.delete(page + i);
      else process.pages.set(page + i, `segment-${file}@${offset + i}`);
    }
  }

  mapAnonymous(process: NaiveProcess, page: number, count: number): void {
    const where = `${hex(page)}, ${count * PAGE}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0`;
    this.log(process.id, `mmap(${where}) = ${hex(page)}`);
    for (let i = 0; i < count; i++) process.pages.set(page + i, 'anon');
  }

  private overlaps({ pages }: NaiveProcess, page: number, count: number): boolean {
    return Array.from({ length: count }, (_, i) => page + i).some((at) => pages.has(at));
  }

  munmap(process: NaiveProcess, page: number, count: number): void {
    if (!this.overlaps(process, page, count)) this.unrelated++;
    this.log(process.id, `munmap(${hex(page)}, ${count * PAGE}) = 0`);
    for (let i = 0; i < count; i++) process.pages.delete(page + i);
  }

  /** Moves and resizes the run of pages that begins at a page and is of one mapping. */
  mremap(process: NaiveProcess, page: number, count: number, newCount: number, move: boolean): void {
    const first = process.pages.get(page);
    const inHeap = page >= HEAP && page < process.break;
    if (first === undefined || inHeap) return;
    const at = (i: number) => next(first, i);
    for (let i = 0; i < count; i++) if (process.pages.get(page + i) !== at(i)) return;
    const room = !this.overlaps(process, page + count, Math.max(0, newCount - count));
    const moves = move || !room;
    const to = moves ? this.free : page;
    if (moves) this.free += ROOM;
    this.log(
      process.id,
      `mremap(${hex(page)}, ${count * PAGE}, ${newCount * PAGE}, MREMAP_MAYMOVE) = ${hex(to)}`,
    );
    for (let i = 0; i < count; i++) process.pages.delete(page + i);
    for (let i = 0; i < newCount; i++) process.pages.set(to + i, at(i));
  }

  brk(process: NaiveProcess, pages: number): void {
    const end = HEAP + pages;
    if (end === process.break) this.unrelated++;
    this.log(process.id, `brk(${hex(end)}) = ${hex(end)}`);
    for (let page = process.break; page < end; page++) process.pages.set(page, 'anon');
    for (let page = end; page < process.break; page++) process.pages.delete(page);
    process.break = end;
  }

  fork(parent: NaiveProcess, sharesFiles: boolean): void {
    const child: NaiveProcess = {
      id: this.processes.length + 1,
      pages: new Map(parent.pages),
      files: sharesFiles ? parent.files : new Map(parent.files),
      break: parent.break,
    };
    this.processes.push(child);
    this.log(
      parent.id,
      `clone(child_stack=NULL, flags=${sharesFiles ? 'CLONE_FILES|' : ''}SIGCHLD) = ${child.id}`,
    );
  }

  dontneed(process: NaiveProcess, page: number, count: number): void {
    if (!this.overlaps(process, page, count)) this.unrelated++;
    this.log(process.id, `madvise(${hex(page)}, ${count * PAGE}, MADV_DONTNEED) = 0`);
    for (let i = 0; i < count; i++)
      if (process.pages.get(page + i) === 'anon') this.dropped.push(`${process.id}:${page + i}`);
  }

  punch(process: NaiveProcess, fd: number, offset: number, count: number): void {
    const file = process.files.get(fd);
    if (file === undefined) return;
    if (file === 0) this.unrelated++;
    const mode = 'FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE';
    this.log(process.id, `fallocate(${fd}, ${mode}, ${offset * PAGE}, ${count * PAGE}) = 0`);
    if (file === 0) return;
    const inside = Math.min(count, this.sizes[file - 1]! - offset);
    if (inside <= 0) this.unrelated++;
    for (let i = 0; i < inside; i++) this.dropped.push(`segment-${file}@${offset + i}`);
  }
}

/** What follows a page in its mapping. */
export function next(page: Page, pages: number): Page {
  const match = /^(.*@)(\d+)$/.exec(page);
  return match ? `${match[1]}${Number(match[2]) + pages}` : page;
}
