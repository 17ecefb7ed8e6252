import { expect } from 'vitest';
import { type Case, conform, jsonCases } from '../../testing/conformance.js';
import { runAndLook } from '../../testing/look.js';
import type { Machine } from '../machine.js';
import { VM } from '../state/vma.js';

/** A case of calls.json: events, and what was seen after them; what is not given was not looked at. */
interface CallCase {
  readonly id: string;
  readonly trace: readonly string[];
  /** Errors of calls that failed, in order. */
  readonly errors?: readonly string[];
  /** How a touch failed that ends the trace. */
  readonly broken?: string;
  readonly resident?: number;
  readonly rss?: number;
  /** Pages dropped, or read ahead, by all calls on a file. */
  readonly dropped?: number;
  readonly vmas?: number;
  /** Page tables and their directories. */
  readonly tables?: number;
  readonly faults?: number;
  /** First pages of mappings that are locked. */
  readonly locked?: readonly number[];
}

function seenOf(m: Machine): Partial<CallCase> {
  const locked = [...m.spaces.values()].flatMap(({ vmas }) => vmas.filter((vma) => vma.has(VM.locked)));
  return {
    resident: m.frames.inUse,
    rss: m.rss,
    vmas: m.vmas,
    tables: m.tables.pages,
    faults: m.counters.pgfault,
    locked: locked.map(({ start }) => start),
  };
}

function testOf({ id: _, trace, errors, broken, dropped, ...expected }: CallCase): Case {
  return async () => {
    const replayed = runAndLook(trace, {}, seenOf);
    if (broken !== undefined) {
      await expect(replayed).rejects.toThrow(broken.replace(/^line \d+: /, ''));
      return;
    }
    const { result, seen, errnos } = await replayed;
    expect(errnos.filter((errno) => typeof errno === 'string')).toEqual(errors ?? []);
    expect(seen).toMatchObject({ ...expected });
    if (dropped === undefined) return;
    const advised = result.calls.filter(({ call }) => /^fadvise (dontneed|willneed)/.test(call));
    expect(advised.reduce((sum, { pages }) => sum + pages, 0)).toBe(dropped);
  };
}

const CASES = jsonCases('calls.json') as unknown as CallCase[];

conform(
  'calls.json',
  CASES.map(({ id }) => id),
  Object.fromEntries(CASES.map((one) => [one.id, testOf(one)])),
);
