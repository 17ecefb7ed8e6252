import { grown } from '../../../base/arrays.js';
import type { InputFile } from '../reader.js';
import { Cursor } from '../scan/cursor.js';
import { NO_REQUEST, wholeLines } from '../scan/lines.js';

/** The form of a line. */
export const ACCESS = /^-?\d+[ \t]+\d+[ \t]+[hmxd][ \t]+\d+[ \t]+[0-3][ \t]+\d+[ \t]*$/;
/** What a backend did to a block, as the recording abbreviates it. */
const OPERATIONS = 'hmxd';
const MINUS = 0x2d;
/** How much earlier a line may be than the one before it: the buffers of two CPUs are read one after the other. */
const MAX_LATE_US = 1000;
/** The largest block, relation file number and process id of PostgreSQL, and the largest fork. */
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_FORK = 3;

/** `h`: in a buffer; `m`: read into one; `x`: added to the relation; `d`: changed. */
export type AccessKind = 'h' | 'm' | 'x' | 'd';

/** A page access of PostgreSQL. */
export interface Access {
  /** µs since the first one. */
  readonly timeUs: number;
  readonly kind: AccessKind;
  /** Index of the backend, by first appearance. */
  readonly backend: number;
  /** Index of the file, by first appearance. */
  readonly file: number;
  readonly block: number;
}

/** A fork of a relation. Blocks it has: those that were not added while recording. */
export interface RecordedFile {
  readonly name: string;
  readonly blocks: number;
}

const FORK_SUFFIXES = ['', '_fsm', '_vm', '_init'];

/** Things by first appearance. */
class Numbering {
  readonly names: string[] = [];
  private readonly indexes = new Map<number, number>();

  index(key: number, name: () => string): number {
    const known = this.indexes.get(key);
    if (known !== undefined) return known;
    this.indexes.set(key, this.names.length);
    return this.names.push(name()) - 1;
  }
}

/** A recording of page accesses in memory, as columns (21 bytes an access), by time. */
export class Accesses {
  length = 0;
  private time = new Float64Array(1 << 16);
  private kind = new Uint8Array(1 << 16);
  private backend = new Uint32Array(1 << 16);
  private file = new Uint32Array(1 << 16);
  private block = new Uint32Array(1 << 16);
  private readonly backendNames = new Numbering();
  private readonly fileNames = new Numbering();

  /** Process ids, by index. */
  get backends(): readonly string[] {
    return this.backendNames.names;
  }

  add(timeUs: number, kind: number, process: number, relation: number, fork: number, block: number): void {
    if (this.length === this.time.length) this.grow();
    const at = this.length++;
    this.time[at] = timeUs;
    this.kind[at] = kind;
    this.backend[at] = this.backendNames.index(process, () => String(process));
    const key = relation * (MAX_FORK + 1) + fork;
    this.file[at] = this.fileNames.index(key, () => `${relation}${FORK_SUFFIXES[fork]}`);
    this.block[at] = block;
  }

  /** The files as they were before the recording. */
  files(): RecordedFile[] {
    const blocks = new Array<number>(this.fileNames.names.length).fill(0);
    const added = new Set<number>();
    const keyOf = (at: number) => this.file[at]! * 2 ** 32 + this.block[at]!;
    const x = OPERATIONS.indexOf('x');
    for (let at = 0; at < this.length; at++) if (this.kind[at] === x) added.add(keyOf(at));
    for (let at = 0; at < this.length; at++) {
      const file = this.file[at]!;
      if (!added.has(keyOf(at))) blocks[file] = Math.max(blocks[file]!, this.block[at]! + 1);
    }
    return this.fileNames.names.map((name, file) => ({ name, blocks: blocks[file]! }));
  }

  /** The accesses by time; those of equal time in the order of their lines. */
  *inOrder(): Generator<Access> {
    const order = this.order();
    const startUs = this.time[order[0]!]!;
    for (const at of order) {
      yield {
        timeUs: this.time[at]! - startUs,
        kind: OPERATIONS[this.kind[at]!] as AccessKind,
        backend: this.backend[at]!,
        file: this.file[at]!,
        block: this.block[at]!,
      };
    }
  }

  /** Insertion sort: lines are late by little. */
  private order(): Uint32Array {
    const order = new Uint32Array(this.length);
    for (let i = 0; i < this.length; i++) {
      const time = this.time[i]!;
      let place = i;
      for (; place > 0 && this.time[order[place - 1]!]! > time; place--) order[place] = order[place - 1]!;
      order[place] = i;
    }
    return order;
  }

  private grow(): void {
    const length = this.time.length * 2;
    this.time = grown(this.time, length);
    this.kind = grown(this.kind, length);
    this.backend = grown(this.backend, length);
    this.file = grown(this.file, length);
    this.block = grown(this.block, length);
  }
}

/** Reads one line; returns its time. */
function readAccess(cursor: Cursor, accesses: Accesses, lastUs: number): number {
  const late = cursor.byte === MINUS;
  if (late) cursor.at++;
  const delta = cursor.number('microseconds since the line before');
  if (late && (delta > MAX_LATE_US || accesses.length === 0))
    cursor.fail(`${delta} µs before the line before it, expected at most ${MAX_LATE_US}`);
  cursor.gap('a space');
  const process = bounded(cursor, 'a process id', MAX_UINT32);
  const kind = OPERATIONS.indexOf(String.fromCharCode(cursor.byte));
  if (kind < 0) cursor.wrong('h (hit), m (miss), x (extend) or d (dirtied)');
  cursor.at++;
  cursor.gap('a space after the letter');
  const relation = bounded(cursor, 'a relation file number', MAX_UINT32);
  const fork = bounded(cursor, `a fork (0 to ${MAX_FORK})`, MAX_FORK);
  // The number of a block is the last one: pages of the file stay below 2^31.
  const block = cursor.number('a block');
  if (block >= 2 ** 30) cursor.fail(`block ${block} is too large, expected one below 2^30`);
  cursor.endLine();
  const timeUs = lastUs + (late ? -delta : delta);
  accesses.add(timeUs, kind, process, relation, fork, block);
  return timeUs;
}

/** A number and the blank after it. */
function bounded(cursor: Cursor, what: string, max: number): number {
  const { at } = cursor;
  const value = cursor.number(what);
  if (value > max) {
    cursor.at = at;
    cursor.wrong(what);
  }
  cursor.gap('a space');
  return value;
}

/**
 * Reads page accesses of PostgreSQL: `MICROSECONDS PROCESS OPERATION RELATION FORK BLOCK` a line, microseconds since the
 * line before (those of the first line count from anywhere).
 *
 * @throws InputError with the line and column that is not of this form, or where there is no access
 */
export async function readAccesses(input: InputFile): Promise<Accesses> {
  const cursor = new Cursor(input.file);
  const accesses = new Accesses();
  let timeUs = 0;
  for await (const lines of wholeLines(input)) {
    cursor.load(lines);
    while (cursor.more) {
      if (cursor.blank) {
        input.account.leave(NO_REQUEST);
        cursor.skipLine();
      } else {
        timeUs = readAccess(cursor, accesses, timeUs);
        input.account.use();
      }
    }
  }
  if (accesses.length === 0) cursor.fail('no page accesses in this file, expected at least one');
  return accesses;
}
