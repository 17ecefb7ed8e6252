import type { ShmemHuge } from '../../trace/args.js';
import { FileAhead } from './file-ahead.js';
import { type Backing, ObjectPages } from './object-pages.js';
import type { Space } from './space.js';
import { copiedHistory, type SwapHistory } from './swap-window.js';
import type { Tmpfs } from './tmpfs.js';

/** Flags of a VMA, after the kernel's VM_*. */
export const VM = {
  read: 1,
  write: 2,
  exec: 4,
  shared: 8,
  /** The program may make it writable: not a shared mapping of a read-only descriptor or a sealed object. */
  mayWrite: 16,
  locked: 32,
  random: 64,
  sequential: 128,
  /** Not copied by fork (VM_DONTCOPY). */
  dontFork: 1 << 8,
  /** Empty in the child (VM_WIPEONFORK). */
  wipeOnFork: 1 << 9,
  mergeable: 1 << 10,
  /** MADV_VOLATILE of the 2014 patches. */
  volatile: 1 << 11,
  /** MAP_DROPPABLE: reclaim drops pages, written or not, and never swaps them. */
  droppable: 1 << 12,
  /** Holds pages with and without struct page (VM_MIXEDMAP). */
  mixedMap: 1 << 13,
  /** Holds pages without struct page only; none is counted (VM_PFNMAP). */
  pfnMap: 1 << 14,
  dontDump: 1 << 15,
  hugePage: 1 << 16,
  noHugePage: 1 << 17,
  /** Private memory that was writable counts as committed, and merges only with its like. */
  account: 1 << 18,
  /** Locked memory whose pages come with their first access (VM_LOCKONFAULT); VM_LOCKED is set too. */
  lockOnFault: 1 << 19,
  /** Its pages are of 2 MiB, out of the pool (VM_HUGETLB). */
  hugetlb: 1 << 20,
  /** It was promised no pages of that pool (VM_NORESERVE, and what fork has copied). */
  noReserve: 1 << 21,
} as const;

/** All that says how a mapping is locked (VM_LOCKED_MASK). */
export const VM_LOCKED_MASK: number = VM.locked | VM.lockOnFault;

/** Mappings of device memory and the like, and hugetlb (the kernel's VM_SPECIAL, as far as it is modelled). */
export const VM_SPECIAL: number = VM.mixedMap | VM.pfnMap | VM.hugetlb;

/** Accesses through these mappings leave no trace for reclaim (vma_has_recency). */
export const NO_RECENCY: number = VM.random | VM.sequential;

/** A virtual memory area: pages [start, end) of a space with one backing and one set of flags. */
export class Vma {
  start: number;
  end: number;
  flags: number;
  readonly space: Space;
  /** What it maps; undefined for private anonymous memory. */
  readonly object: SharedObject | undefined;
  /** Page of the object at `start`. */
  objectPage: number;
  /** How far mremap has moved it: page numbers now less those its anonymous pages are filed under. */
  shift: number;
  /** Where its own anonymous pages are filed; none before the first (the kernel's anon_vma). */
  anon: AnonVma | undefined;
  /** Where the anonymous pages it inherited by fork are filed. */
  readonly inherited: readonly AnonVma[];
  /** What was read ahead of its swapped-out pages; undefined before the first. */
  swapHistory: SwapHistory | undefined;

  constructor(fields: {
    start: number;
    end: number;
    flags: number;
    space: Space;
    object: SharedObject | undefined;
    objectPage: number;
    shift?: number;
    anon?: AnonVma | undefined;
    inherited?: readonly AnonVma[];
    /** Of the VMA that it is a copy of. */
    swapHistory?: SwapHistory | undefined;
  }) {
    this.start = fields.start;
    this.end = fields.end;
    this.flags = fields.flags;
    this.space = fields.space;
    this.object = fields.object;
    this.objectPage = fields.objectPage;
    this.shift = fields.shift ?? 0;
    this.anon = fields.anon;
    this.inherited = fields.inherited ?? [];
    this.swapHistory = fields.swapHistory && copiedHistory(fields.swapHistory);
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Private anonymous memory: no object behind it. */
  get isAnonymous(): boolean {
    return this.object === undefined;
  }

  /** Page of the object behind a page of the VMA. */
  objectPageAt(vpn: number): number {
    return this.objectPage + vpn - this.start;
  }
}

/**
 * Where anonymous pages are filed for the reverse map (the kernel's anon_vma): by the page number at which they were
 * first touched, relative to `base`. A page is looked for in every space that has a VMA with this object, at that
 * page number, and in VMAs that mremap has moved.
 */
export class AnonVma {
  readonly kind = 'anon';
  /** VMAs that use the object, by space. */
  private readonly uses = new Map<Space, number>();
  /** Spaces that have such a VMA, for the walk. */
  readonly spaces: Space[] = [];
  /** VMAs with this object that lie elsewhere than where their pages are filed. */
  readonly moved: Vma[] = [];

  constructor(
    readonly number: number,
    readonly base: number,
  ) {}

  get inUse(): boolean {
    return this.spaces.length > 0;
  }

  attach(vma: Vma): void {
    const uses = this.uses.get(vma.space) ?? 0;
    if (uses === 0) this.spaces.push(vma.space);
    this.uses.set(vma.space, uses + 1);
    if (vma.shift !== 0) this.moved.push(vma);
  }

  detach(vma: Vma): void {
    const uses = this.uses.get(vma.space)! - 1;
    if (uses > 0) this.uses.set(vma.space, uses);
    else {
      this.uses.delete(vma.space);
      this.spaces.splice(this.spaces.indexOf(vma.space), 1);
    }
    if (vma.shift !== 0) this.moved.splice(this.moved.indexOf(vma), 1);
  }

  /** Page number under which the page at `vpn` of a VMA is filed, as a frame's signed 32-bit index. */
  indexOf(vma: Vma, vpn: number): number {
    return vpn - vma.shift - this.base;
  }
}

/** Pages filed under an object are at most this far from its base: indexes are 32-bit. */
export const ANON_REACH: number = 2 ** 31;

/** What a program opened or created. */
export interface ObjectOptions {
  readonly backing: Backing;
  /** F_SEAL_WRITE: holes cannot be punched. */
  readonly sealed: boolean;
  /** Whether programs hold a descriptor. */
  readonly descriptor: boolean;
  /** `xip` with struct pages. */
  readonly structPages: boolean;
  /** Contents of page i from the start: `content`, or `content + i` with `up`. Unlike all others when not given. */
  readonly contents?: { readonly content: number; readonly up: boolean } | undefined;
  /** The file system of a file of shared memory, where it has a size. */
  readonly tmpfs?: Tmpfs | undefined;
  /** Mount option huge= of the file system of shared memory; undefined for the kernel's own, where shmem_enabled decides. */
  readonly huge?: ShmemHuge | undefined;
}

/**
 * An object that several mappings share: shared memory, a file, an image. A page of a file keeps its id, once it has one,
 * while it is not in the page cache.
 */
export class SharedObject extends ObjectPages {
  readonly kind = 'shared';
  readonly options: ObjectOptions;
  /** Mappings of the object, of all spaces. */
  readonly mappings: Vma[] = [];
  /** The last descriptor or name is gone. */
  closed: boolean;
  /** When the oldest of its dirty pages became dirty; undefined while all are clean. */
  dirtySinceUs: number | undefined;
  /** POSIX_FADV_NOREUSE: uses through mappings of the file leave no trace for reclaim. */
  noReuse = false;
  /** The page that the last pread ended with (file_ra_state.prev_pos); -1 before the first. */
  lastRead = -1;
  private fileAhead: FileAhead | undefined;

  constructor(
    readonly number: number,
    /** Its name; undefined for a shared anonymous mapping. */
    readonly name: string | undefined,
    size: number,
    options: ObjectOptions,
  ) {
    super(size, options.backing, options.tmpfs);
    this.options = options;
    this.closed = name === undefined;
  }

  /** How it is read ahead, if it is a file. */
  get ahead(): FileAhead {
    this.fileAhead ??= new FileAhead();
    return this.fileAhead;
  }

  /** Whether its pages are out of reach. The contents of a file and an image stay where they are. */
  get dead(): boolean {
    return this.inMemory && this.closed && this.mappings.length === 0;
  }
}
