import type { Returned } from '../naive/calls.js';
import type { WrittenContent } from '../naive/faults.js';
import { carryOut } from '../naive/oom.js';
import type { NaiveKernel, Space } from '../naive/state.js';

/** An event of a trace, without its time, and what it does to the naive model. */
export interface Event {
  readonly text: string;
  run(k: NaiveKernel): Returned | undefined;
}

/** Carries out an event on the naive model, at the expense of its space. Returns what its call returned, if that came to an end. */
export function carryOutEvent(k: NaiveKernel, { text, run }: Event): Returned | undefined {
  const [op, space] = text.split(',');
  return carryOut(k, space === '' || op === 'spawn' ? undefined : Number(space), () => run(k));
}

/** Numbers an event is made from; fast-check shrinks them towards 0. */
export interface Choice {
  readonly kind: number;
  readonly space: number;
  readonly page: number;
  readonly count: number;
  readonly extra: number;
}

/** Where an event may happen. */
export interface Place {
  readonly space: Space;
  readonly page: number;
  readonly count: number;
  /** For whatever else is to be chosen. */
  readonly extra: number;
}

/** An event that makes sense now; undefined when there is none. */
export type Maker = (k: NaiveKernel, place: Place) => Event | undefined;

/** Pages of the small address space; a border of page tables and of their directories runs through the middle. */
export const PAGES = 40;
export const TABLE = 512;
export const MIDDLE = 3 * TABLE * TABLE;
export const BASE = MIDDLE - PAGES / 2;
export const MOST_SPACES = 4;
export const MOST_COUNT = 12;
export const MOST_OBJECT_PAGES = 24;
/** VMAs that one event may add. */
export const MOST_CUTS = 4;

/** An event that makes no system call that could fail. */
export function event(text: string, run: (k: NaiveKernel) => void): Event {
  return {
    text,
    run: (k) => {
      run(k);
      return undefined;
    },
  };
}

/** An event whose system call returns something. */
export function call(text: string, run: (k: NaiveKernel) => Returned): Event {
  return { text, run };
}

/** Picks from a list by a number. Returns the element, and what is left of the number. */
export function pick<T>(list: readonly T[], extra: number): [T, number] {
  return [list[extra % list.length] as T, Math.floor(extra / list.length)];
}

/** Pages from `page` on that fulfil a condition, at most `count`. */
export function run(page: number, count: number, allowed: (vpn: number) => boolean): number {
  let length = 0;
  while (length < count && allowed(page + length)) length++;
  return length;
}

/** What a write puts there, and how its event says so. */
export function contents(extra: number): [WrittenContent, string] {
  const first = extra >> 2;
  switch (extra % 4) {
    case 0:
      return ['unique', ''];
    case 1:
      return [{ first, step: 0 }, `=${first}`];
    default:
      return [{ first, step: 1 }, `=${first}+`];
  }
}

/** A kind of events. */
export interface KindInfo {
  readonly weight: number;
  /** It may need VMAs more than vm.max_map_count allows, which would be a broken trace. */
  readonly room?: boolean;
  readonly make: Maker;
}
