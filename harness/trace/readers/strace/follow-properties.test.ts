import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyRuns } from '../../../testing/property-runs.js';
import { inputOf } from '../../../testing/readers.js';
import { type NaiveProcess, NaiveProgram, next } from '../../../testing/strace-program.js';
import { eventLines } from '../../../testing/traces.js';
import { strace } from './import.js';

const small = fc.nat(7);
const page = fc.integer({ min: 100, max: 118 });
const count = fc.integer({ min: 1, max: 9 });

type Step = (program: NaiveProgram, process: NaiveProcess) => void;

/** One of the descriptors that a process has; one that it has not where it has none. */
function open({ files }: NaiveProcess, choice: number): number {
  return [...files.keys()][choice % files.size] ?? 77;
}

/** A page where mappings of a process begin, or any. */
function mapped({ pages }: NaiveProcess, choice: number): number {
  return [...pages.keys()][choice % pages.size] ?? choice;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  count.map(
    (n): Step =>
      (program, process) =>
        program.memfd(process, n),
  ),
  fc.constant<Step>((program, process) => program.open(process)),
  fc.tuple(small, fc.nat(2), small).map(
    ([fd, how, to]): Step =>
      (program, process) =>
        program.dup(process, open(process, fd), how, to),
  ),
  small.map(
    (fd): Step =>
      (program, process) =>
        program.close(process, open(process, fd)),
  ),
  {
    weight: 3,
    arbitrary: fc.tuple(small, page, fc.nat(3), count).map(
      ([fd, at, offset, n]): Step =>
        (program, process) =>
          program.mapFile(process, open(process, fd), at, offset, n),
    ),
  },
  fc.tuple(page, count).map(
    ([at, n]): Step =>
      (program, process) =>
        program.mapAnonymous(process, at, n),
  ),
  fc.tuple(page, count).map(
    ([at, n]): Step =>
      (program, process) =>
        program.munmap(process, at, n),
  ),
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 4 }), count, fc.boolean()).map(
      ([at, n, to, move]): Step =>
        (program, process) =>
          program.mremap(process, mapped(process, at), n, to, move),
    ),
  },
  fc.nat(6).map(
    (n): Step =>
      (program, process) =>
        program.brk(process, n),
  ),
  fc.boolean().map(
    (files): Step =>
      (program, process) =>
        program.fork(process, files),
  ),
  fc.tuple(page, count).map(
    ([at, n]): Step =>
      (program, process) =>
        program.dontneed(process, at, n),
  ),
  fc.tuple(small, fc.nat(3), count).map(
    ([fd, offset, n]): Step =>
      (program, process) =>
        program.punch(process, open(process, fd), offset, n),
  ),
);

/** A program of steps, each by one of its processes. */
const program = fc.array(fc.tuple(step, fc.nat(3)), { maxLength: 60, size: 'max' }).map((steps) => {
  const made = new NaiveProgram();
  for (const [run, by] of steps) run(made, made.processes[by % made.processes.length]!);
  return made;
});

/** Every page that the events of a trace map, by space, and what they drop. */
function replayed(events: readonly string[]) {
  const spaces = new Map<string, Map<number, string>>();
  const dropped: string[] = [];
  for (const event of events) {
    const [, op, id = '', first, size, arg = ''] = event.split(',');
    const space = id.split(':')[0]!;
    const pages = spaces.get(space) ?? new Map<number, string>();
    const at = Number(first);
    const numbers = Array.from({ length: Number(size) }, (_, i) => i);
    if (op === 'spawn') spaces.set(space, new Map());
    if (op === 'fork') spaces.set(arg, new Map(pages));
    if (op === 'map') for (const i of numbers) pages.set(at + i, next(arg.replace('shared:', ''), i));
    if (op === 'unmap') for (const i of numbers) pages.delete(at + i);
    if (op === 'remap') remap(pages, at, Number(size), arg);
    for (const i of numbers) {
      const mapped = pages.get(at + i) ?? 'nothing';
      if (op === 'discard') dropped.push(mapped === 'anon' ? `${space}:${at + i}` : mapped);
      if (op === 'fallocate') dropped.push(`${arg.replace('punch:', '')}@${at + i}`);
    }
  }
  return { spaces, dropped };
}

function remap(pages: Map<number, string>, at: number, count: number, arg: string): void {
  const [kind, value] = arg.split('=');
  const mapped = Array.from({ length: count }, (_, i) => pages.get(at + i)!);
  if (kind === 'to') {
    for (let i = 0; i < count; i++) pages.delete(at + i);
    for (const [i, what] of mapped.entries()) pages.set(Number(value) + i, what);
  } else for (let i = 0; i < Number(value); i++) pages.set(at + count + i, next(mapped.at(-1)!, i + 1));
}

const byPage = (pages: ReadonlyMap<number, string>) => [...pages].sort(([a], [b]) => a - b);

describe('random programs', () => {
  it('have the mappings and drops that a naive model of their pages and descriptors has', async () => {
    await fc.assert(
      fc.asyncProperty(program, async ({ lines, processes, dropped }) => {
        const input = inputOf(strace, `${lines.join('\n')}\n`, { given: { memory: 'all' } });
        const made = replayed(await eventLines(await strace.open(input)));
        for (const { id, pages } of processes)
          expect(byPage(made.spaces.get(String(id)) ?? new Map())).toEqual(byPage(pages));
        expect(made.dropped.sort()).toEqual([...dropped].sort());
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  it('have each of their lines counted once', async () => {
    await fc.assert(
      fc.asyncProperty(program, async ({ lines, unrelated }) => {
        const input = inputOf(strace, `${lines.join('\n')}\n`, { given: { memory: 'all' } });
        await eventLines(await strace.open(input));
        expect(input.account.total).toBe(lines.length);
        expect(input.account.used).toBe(lines.length - unrelated);
      }),
      { numRuns: propertyRuns(100) },
    );
  });
});
