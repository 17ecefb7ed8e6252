import type { AnonObject } from '../object/anon.js';
import type { SharedObject } from '../object/shared.js';
import type { Space } from './space.js';

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
} as const;

/** Mappings of device memory and the like (the kernel's VM_SPECIAL, as far as it is modelled). */
export const VM_SPECIAL: number = VM.mixedMap | VM.pfnMap;

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
  anon: AnonObject | undefined;
  /** Where the anonymous pages it inherited by fork are filed. */
  readonly inherited: readonly AnonObject[];

  constructor(fields: {
    start: number;
    end: number;
    flags: number;
    space: Space;
    object: SharedObject | undefined;
    objectPage: number;
    shift?: number;
    anon?: AnonObject | undefined;
    inherited?: readonly AnonObject[];
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
