import { mix } from '../../base/mix.js';
import type { MapArg, RemapArg } from '../args.js';

const TWO_32 = 2 ** 32;

/** Pages of a space that are known by another number than their own: `page + delta` of the object `key`. */
interface Segment {
  readonly first: number;
  readonly end: number;
  /** 0 for anonymous memory that was moved. */
  readonly key: number;
  readonly delta: number;
}

function hashOf(key: number, page: number): number {
  return mix((page | 0) ^ mix(Math.floor(page / TWO_32) ^ key));
}

function hashOfName(name: string): number {
  let hash = 1;
  for (let i = 0; i < name.length; i++) hash = mix(hash ^ name.charCodeAt(i));
  return hash;
}

/** The part of a segment before and after a range. */
function outside(segment: Segment, first: number, end: number): Segment[] {
  if (segment.end <= first || segment.first >= end) return [segment];
  const before = segment.first < first ? [{ ...segment, end: first }] : [];
  const after = segment.end > end ? [{ ...segment, first: end }] : [];
  return [...before, ...after];
}

/**
 * Hashes of pages by what they are, not by where they are mapped: a page of an object has one hash in all spaces and for file
 * reads and writes, and anonymous memory keeps its hash when it is moved. So all accesses to a page are in a sample, or none.
 */
export class PageIdentity {
  private readonly spaces = new Map<number, Segment[]>();
  private readonly keys = new Map<string, number>();
  private last: Segment | undefined;
  private lastSpace = -1;

  /** The hash of a page of an object. */
  ofObject(name: string, page: number): number {
    return hashOf(this.keyOf(name), page);
  }

  /** The hash of a page of a space. */
  of(space: number, page: number): number {
    const { last } = this;
    const segment =
      last !== undefined && space === this.lastSpace && page >= last.first && page < last.end
        ? last
        : this.find(space, page);
    return segment === undefined ? hashOf(0, page) : hashOf(segment.key, page + segment.delta);
  }

  map(space: number, page: number, count: number, { name, offset }: MapArg): void {
    this.unmap(space, page, count);
    if (name !== '') this.add(space, page, count, this.keyOf(name), offset - page);
  }

  unmap(space: number, page: number, count: number): void {
    const kept = this.segments(space).flatMap((segment) => outside(segment, page, page + count));
    this.spaces.set(space, kept);
    this.last = undefined;
  }

  /** Pages that move, or a mapping that grows by pages that follow what is there. */
  remap(space: number, page: number, count: number, { to, grow }: RemapArg): void {
    const before = this.segments(space);
    if (to === undefined) {
      const grown = before.find(({ first, end }) => page + count - 1 >= first && page + count - 1 < end);
      if (grown) this.add(space, page + count, grow, grown.key, grown.delta);
      return;
    }
    this.unmap(space, page, count);
    this.unmap(space, to, count);
    this.add(space, to, count, 0, page - to);
    for (const { first, end, key, delta } of before) {
      const from = Math.max(first, page);
      const until = Math.min(end, page + count);
      if (from >= until) continue;
      const at = from + to - page;
      this.unmap(space, at, until - from);
      this.add(space, at, until - from, key, delta + page - to);
    }
  }

  fork(parent: number, child: number): void {
    this.spaces.set(child, [...this.segments(parent)]);
  }

  exit(space: number): void {
    this.spaces.delete(space);
    this.last = undefined;
  }

  private segments(space: number): Segment[] {
    return this.spaces.get(space) ?? [];
  }

  private add(space: number, page: number, count: number, key: number, delta: number): void {
    this.spaces.set(space, [...this.segments(space), { first: page, end: page + count, key, delta }]);
    this.last = undefined;
  }

  private find(space: number, page: number): Segment | undefined {
    const found = this.spaces.get(space)?.find(({ first, end }) => page >= first && page < end);
    if (found === undefined) return undefined;
    this.last = found;
    this.lastSpace = space;
    return found;
  }

  private keyOf(name: string): number {
    let key = this.keys.get(name);
    if (key === undefined) {
      key = hashOfName(name);
      this.keys.set(name, key);
    }
    return key;
  }
}
