import type { Space } from '../mapping/space.js';
import type { Vma } from '../mapping/vma.js';

/**
 * Where anonymous pages are filed for the reverse map (the kernel's anon_vma): by the page number at which they were
 * first touched, relative to `base`. A page is looked for in every space that has a VMA with this object, at that
 * page number, and in VMAs that mremap has moved.
 */
export class AnonObject {
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
