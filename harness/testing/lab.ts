import type { SwapText } from '../contract/swap.js';
import type { SyscallResult } from '../contract/target.js';
import { loadCosts } from '../cost/table.js';
import { checkMachine } from '../machine/check.js';
import { frameOf, isSwapEntry } from '../machine/entries/entry.js';
import { Machine } from '../machine/machine.js';
import { access, contentAt } from '../machine/mapping/access.js';
import { exit, fork, spawn } from '../machine/mapping/fork.js';
import { setLocked } from '../machine/mapping/lock.js';
import { map, protect, unmap } from '../machine/mapping/mmap.js';
import { remap } from '../machine/mapping/remap.js';
import { READ, UNIQUE } from '../machine/memory/contents.js';
import { readFilePages, writeFilePages } from '../machine/object/file-io.js';
import { declareObject, truncateObject } from '../machine/object/lifetime.js';
import { PTE, PTE_SHIFT } from '../machine/state/page-table.js';
import type { Space } from '../machine/state/space.js';
import type { SharedObject, Vma } from '../machine/state/vma.js';
import type { Errno } from '../policy/discard/contract.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { TRAIT } from '../policy/reclaim/contract.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { parseArg } from '../trace/args.js';
import type { Advice } from '../trace/op.js';
import { FALLOC_FL, sysFallocate, sysMadvise } from './syscall.js';

/** Bytes of a page. */
export const PAGE = 4096;

const COSTS = loadCosts();

/** What /proc/PID/smaps says of a mapping, in pages. */
export interface MappingStat {
  readonly rss: number;
  /** Swapped-out entries, and pages of shared memory that are in swap and not mapped here. */
  readonly swap: number;
  /** Written pages that only this entry maps. */
  readonly privateDirty: number;
  readonly referenced: number;
  readonly lazyfree: number;
}

/** What a read finds: a content id, or the signal. */
export type Found = number | 'SIGBUS';

/**
 * A machine to do experiments on, call by call, without a trace: what a C program would do to a real kernel. The
 * machine's invariants are checked after every call.
 */
export class Lab {
  readonly m: Machine;
  private nextSpace = 1;

  constructor(
    options: {
      readonly swap?: SwapText;
      readonly limit?: number;
      /** The machine's memory in pages. */
      readonly memory?: number;
      readonly reclaim?: string;
      readonly purge?: string;
      readonly merge?: string;
    } = {},
  ) {
    const purge = purgePolicies.choose(options.purge ?? 'range-lru');
    const merge = mergePolicies.choose(options.merge ?? 'none');
    this.m = new Machine({
      costs: COSTS,
      merge: merge.info.rules(merge.values),
      purge: purge.info.rules(purge.values),
      reclaim: reclaimPolicies.choose(options.reclaim ?? 'linux'),
      swap: options.swap ?? 'none',
      limit: options.limit,
      memory: options.memory,
      seed: 1,
    });
  }

  /** A new process. */
  spawn(): Space {
    return this.checked(spawn(this.m, this.nextSpace++, ''));
  }

  fork(parent: Space): Space {
    return this.checked(fork(this.m, parent, this.nextSpace++));
  }

  exit(space: Space): void {
    this.checked(exit(this.m, space));
  }

  /** An object of a size in pages. @param arg as in a trace: `shmem:o =1+` */
  object(size: number, arg: string): SharedObject {
    const parsed = parseArg('object', arg);
    declareObject(this.m, size, parsed);
    return this.checked(this.m.objects.named(parsed.name));
  }

  /** prctl(PR_SET_MEMORY_MERGE); the error. */
  setMemoryMerge(space: Space, on: boolean): Errno {
    return this.checked(this.m.ksm.setMergeAny(space, on));
  }

  /** A write to a file of /sys/kernel/mm/ksm. @throws InputError when the kernel would refuse it */
  ksm(name: string, value: number | string): void {
    this.checked(this.m.set(`ksm.${name}`, String(value)));
  }

  /** Lets ksmd run until it has finished this number of further full scans. The invariants are checked after each. */
  fullScans(scans: number): void {
    const { ksmd } = this.m.ksm;
    for (let scan = 0; scan < scans; scan++) {
      const done = ksmd.fullScans;
      while (ksmd.fullScans === done) {
        if (ksmd.dueUs === Number.POSITIVE_INFINITY) throw new Error('ksmd sleeps');
        this.m.advance(Math.max(ksmd.dueUs, this.m.nowUs));
        ksmd.run(this.m.nowUs);
      }
      checkMachine(this.m);
    }
  }

  /** mmap. @param arg as in a trace: `shared:o@0 ro` */
  map(space: Space, page: number, count: number, arg: string): void {
    this.checked(map(this.m, space, page, count, parseArg('map', arg)));
  }

  unmap(space: Space, page: number, count: number): void {
    this.checked(unmap(this.m, space, page, count));
  }

  protect(space: Space, page: number, count: number, protection: 'ro' | 'rw' | 'none'): void {
    this.checked(protect(this.m, space, page, count, protection));
  }

  /** mremap to another place. */
  remap(space: Space, page: number, count: number, to: number): void {
    this.checked(remap(this.m, space, page, count, { to, grow: 0 }));
  }

  lock(space: Space, page: number, count: number): void {
    this.checked(setLocked(this.m, space, page, count, 'lock'));
  }

  truncate(object: SharedObject, size: number): void {
    truncateObject(this.m, object, size);
    this.checked(undefined);
  }

  /** madvise on whole pages; the error, 0 for none. */
  madvise(space: Space, page: number, count: number, advice: Advice | number): Errno {
    return this.madviseBytes(space, page * PAGE, count * PAGE, advice).errno;
  }

  /** madvise on bytes. */
  madviseBytes(space: Space, address: number, length: number, advice: Advice | number): SyscallResult {
    return this.checked(sysMadvise(this.m, space, address, length, advice));
  }

  /** fallocate on bytes, through a descriptor that may write unless `descriptor` says otherwise; the error. */
  fallocate(
    object: SharedObject | undefined,
    mode: number,
    offset: number,
    length: number,
    descriptor = true,
  ): Errno {
    return this.checked(sysFallocate(this.m, object, { mode, offset, length, descriptor })).errno;
  }

  /** Punches a hole of bytes; the error. */
  punch(object: SharedObject | undefined, offset: number, length: number, descriptor = true): Errno {
    return this.fallocate(object, FALLOC_FL.punchHole | FALLOC_FL.keepSize, offset, length, descriptor);
  }

  /** Reads pages through a mapping. Returns what they hold. */
  read(space: Space, page: number, count: number): Found[] {
    const found = Array.from({ length: count }, (_, i) => {
      if (this.touch(space, page + i, READ)) return 'SIGBUS';
      return contentAt(this.m, space, page + i)!;
    });
    return this.checked(found);
  }

  /** Writes `content`, `content + 1`, … through a mapping; unlike all others without. False when one was SIGBUS. */
  write(space: Space, page: number, count: number, content: number = UNIQUE): boolean {
    let whole = true;
    for (let i = 0; i < count; i++) {
      if (this.touch(space, page + i, content === UNIQUE ? UNIQUE : content + i)) whole = false;
    }
    return this.checked(whole);
  }

  /** What pages hold, without touching them. */
  contents(space: Space, page: number, count: number): (number | undefined)[] {
    return Array.from({ length: count }, (_, i) => contentAt(this.m, space, page + i));
  }

  /** pread of whole pages: their contents. */
  pread(object: SharedObject, first: number, count: number): number[] {
    this.checked(readFilePages(this.m, object, first, count));
    return Array.from({ length: count }, (_, i) => {
      const page = object.page(first + i);
      return page === 0 ? 0 : this.m.pages.contents.get(page);
    });
  }

  pwrite(object: SharedObject, first: number, count: number, content: number): void {
    this.checked(writeFilePages(this.m, object, first, count, content, 1));
  }

  /** The VMA at a page. */
  vma(space: Space, page: number): Vma {
    const vma = space.find(page);
    if (!vma) throw new Error(`page ${page} of space ${space.id} is not mapped`);
    return vma;
  }

  /** mincore: whether a page is in memory, mapped here or not; the swap cache counts. */
  inCore(space: Space, page: number): boolean {
    const entry = this.entry(space, page);
    if ((entry & PTE.present) !== 0) return true;
    const vma = this.vma(space, page);
    const held = isSwapEntry(entry) ? entry >>> PTE_SHIFT : (vma.object?.page(vma.objectPageAt(page)) ?? 0);
    return held !== 0 && this.m.pages.resident[held] === 1;
  }

  /** Another process writes this number of pages of anonymous memory, and ends. */
  pressure(pages: number): void {
    const space = this.spawn();
    this.map(space, 0, pages, 'anon');
    access(this.m, space, 0, pages, UNIQUE, 0);
    this.exit(space);
  }

  /** What smaps says of pages of a space. */
  stat(space: Space, page: number, count: number): MappingStat {
    const stat = { rss: 0, swap: 0, privateDirty: 0, referenced: 0, lazyfree: 0 };
    for (let vpn = page; vpn < page + count; vpn++) {
      const entry = this.entry(space, vpn);
      if (entry === 0) {
        const vma = this.vma(space, vpn);
        const held = vma.object?.page(vma.objectPageAt(vpn)) ?? 0;
        if (held !== 0 && this.m.swapSlotOf(held) >= 0) stat.swap++;
      } else if (isSwapEntry(entry)) stat.swap++;
      else this.addPresent(stat, entry);
    }
    return stat;
  }

  /** Adds a page that is mapped; the zero page and pages without a frame do not count. */
  private addPresent(stat: { -readonly [K in keyof MappingStat]: number }, entry: number): void {
    const frame = frameOf(this.m, entry);
    if (frame < 0) return;
    const traits = this.m.pages.traits[entry >>> PTE_SHIFT]!;
    const dirty = (entry & PTE.dirty) !== 0 || (traits & TRAIT.dirty) !== 0;
    stat.rss++;
    if (dirty && this.m.frames.mapcount[frame] === 1) stat.privateDirty++;
    if ((entry & PTE.young) !== 0) stat.referenced++;
    if ((traits & TRAIT.lazyfree) !== 0 && !dirty) stat.lazyfree++;
  }

  /** The id of the page that a present entry maps. */
  pageAt(space: Space, page: number): number {
    return this.entry(space, page) >>> PTE_SHIFT;
  }

  private entry(space: Space, page: number): number {
    const at = this.m.tables.find(space.directory, page);
    return at < 0 ? 0 : this.m.tables.get(at);
  }

  /** One access; true when it was SIGBUS. */
  private touch(space: Space, page: number, content: number): boolean {
    const before = this.m.counters.sigbus;
    access(this.m, space, page, 1, content, 0);
    return this.m.counters.sigbus > before;
  }

  private checked<T>(value: T): T {
    checkMachine(this.m);
    return value;
  }
}
