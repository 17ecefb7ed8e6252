import type { EventBlock } from '../../trace/block.js';
import { HAS, OP, OPS, type OpName } from '../../trace/op.js';

/**
 * What an event keeps its order with, besides the events of its own thread:
 *
 * - `loose`: what changes its range or its whole space;
 * - `range`: whatever overlaps its pages in its space;
 * - `space`: all that its space does;
 * - `all`: every event. A limit, a setting or an object has no thread, and concerns everybody;
 * - `mark`: nothing. A label stands before the first event that comes after it in the trace, and delays none.
 */
export const KEEPS = { loose: 0, range: 1, space: 2, all: 3, mark: 4 } as const;

/** Ops that are not here keep their order with all events: what a new op depends on has to be said first. */
const OF_OPS: Readonly<Partial<Record<OpName, keyof typeof KEEPS>>> = {
  read: 'loose',
  write: 'loose',
  pread: 'loose',
  pwrite: 'loose',
  map: 'range',
  unmap: 'range',
  protect: 'range',
  lock: 'range',
  unlock: 'range',
  discard: 'range',
  unpin: 'range',
  pin: 'range',
  madvise: 'range',
  spawn: 'space',
  fork: 'space',
  exit: 'space',
  remap: 'space',
  prctl: 'space',
  mark: 'mark',
};

/** By code of the op. */
const BY_CODE = Uint8Array.from(OPS, ({ name }) => KEEPS[OF_OPS[name as OpName] ?? 'all']);

/** What an event keeps its order with. */
export function keeps(block: EventBlock, row: number): number {
  return BY_CODE[block.op[row]!]!;
}

/** Whether an event has a thread: what it takes delays later events of that thread. */
export function hasThread(block: EventBlock, row: number): boolean {
  return (block.fields[row]! & HAS.space) !== 0 && block.op[row] !== OP.spawn;
}

function isFileAccess(op: number): boolean {
  return op === OP.pread || op === OP.pwrite;
}

/**
 * Whether two events of different threads of one space keep their order. Two accesses do not: the trace does not say who waited
 * for whom. Pages of file accesses are those of an object, which no range of the space names.
 */
export function conflict(block: EventBlock, a: number, b: number): boolean {
  const first = keeps(block, a);
  const second = keeps(block, b);
  if (first === KEEPS.space || second === KEEPS.space) return true;
  if (first === KEEPS.loose && second === KEEPS.loose) return false;
  if (isFileAccess(block.op[a]!) || isFileAccess(block.op[b]!)) return false;
  return lowest(block, a) < end(block, b) && lowest(block, b) < end(block, a);
}

/** @param row of an event with a range; a negative count goes downwards from its page */
function lowest({ page, count }: EventBlock, row: number): number {
  return count[row]! < 0 ? page[row]! + count[row]! + 1 : page[row]!;
}

function end({ page, count }: EventBlock, row: number): number {
  return count[row]! < 0 ? page[row]! + 1 : page[row]! + count[row]!;
}
