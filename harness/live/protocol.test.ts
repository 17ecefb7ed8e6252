import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import * as protocol from './protocol.js';
import { deathSignal, errnoName, FLAG, LIVE_OP, MOST_OBJECTS, MOST_OPS, MOST_SLOTS } from './protocol.js';

const HEADER = readFileSync(packageFile('harness', 'live', 'executor', 'protocol.h'), 'utf8');

/** The value of a macro, which is a number or a shift of two. */
function macro(name: string): number {
  const [, value, shift] = new RegExp(`#define ${name} (\\w+|\\((\\w+) << (\\d+)\\))`)
    .exec(HEADER)!
    .slice(0, 3);
  if (shift === undefined) return Number(value!.replace(/[ul]+$/, ''));
  const [, base, bits] = /\((\w+) << (\d+)\)/.exec(value!)!;
  return Number(base!.replace(/[ul]+$/, '')) * 2 ** Number(bits);
}

describe('the protocol of the executor', () => {
  it('has the same ops, in order, in C and here', () => {
    const names = [...HEADER.matchAll(/^ {2}OP_([A-Z]+)[ ,=]/gm)].map(([, name]) => name!.toLowerCase());
    expect(Object.fromEntries(names.map((name, i) => [name, i + 1]))).toEqual(LIVE_OP);
  });

  it('has the same flags', () => {
    const flags = [...HEADER.matchAll(/^ {2}FLAG_([A-Z_]+) = 1 << (\d+),/gm)].map(([, name, bit]) => [
      name!.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      1 << Number(bit),
    ]);
    expect(Object.fromEntries(flags)).toEqual(FLAG);
  });

  it('has the same places and sizes', () => {
    const { SHARED_BYTES, OPS_AT, ANSWERS_AT, TEXT_AT, TEXT_BYTES, MAGIC, NO_OBJECT } = protocol;
    const here = { SHARED_BYTES, OPS_AT, ANSWERS_AT, TEXT_AT, TEXT_BYTES, MAGIC, NO_OBJECT };
    const sizes = { ...here, MOST_OPS, MOST_SLOTS, MOST_OBJECTS };
    expect(Object.fromEntries(Object.keys(sizes).map((name) => [name, macro(name)]))).toEqual(sizes);
    expect(OPS_AT + MOST_OPS * 40).toBeLessThanOrEqual(ANSWERS_AT);
    expect(ANSWERS_AT + MOST_OPS * 16).toBeLessThanOrEqual(TEXT_AT);
    expect(TEXT_AT + TEXT_BYTES).toBeLessThanOrEqual(SHARED_BYTES);
  });

  it('names errors and deaths', () => {
    const answer = (error: number) => ({ error, value: 0, first: 0, buses: 0 });
    const names = [0, 11, 22, 95].map(errnoName);
    expect(names).toEqual([0, 'EAGAIN', 'EINVAL', 'EOPNOTSUPP']);
    expect([0, 22, 1000, 1009].map((error) => deathSignal(answer(error)))).toEqual([
      undefined,
      undefined,
      0,
      9,
    ]);
  });
});
