import { isDeepStrictEqual } from 'node:util';
import type { Machine } from '../../machine/machine.js';
import { contentAt } from '../../machine/mapping/access.js';
import { METRICS } from '../../metrics/schema.js';
import { discardPolicies } from '../../policy/discard/registry.js';
import { CONTENT_LIMIT } from '../../trace/op.js';
import { run, type TestRun } from '../machine.js';
import { traceOf } from '../traces.js';

/** What a replay of a trace came to, as far as relations compare it. */
export interface Outcome {
  readonly outcome: string;
  readonly metrics: Readonly<Record<string, unknown>>;
  /** What each mapped page holds at the end; contents that the machine numbers are numbered by first appearance. */
  readonly contents: readonly string[];
}

/** A change of a trace, or of the machine, after which some of what comes out must be the same. */
export interface Relation {
  readonly name: string;
  /** Whether it says anything of this machine and trace. */
  applies?(machine: TestRun, lines: readonly string[]): boolean;
  change(machine: TestRun, lines: readonly string[]): { machine: TestRun; lines: readonly string[] };
  /** What must be equal of both outcomes. */
  seen(outcome: Outcome): unknown;
}

const TIMES: ReadonlySet<string> = new Set(
  METRICS.filter(({ group, name }) => group === 'time' || name.startsWith('psi_')).map(({ name }) => name),
);

const all = ({ outcome, metrics, contents }: Outcome) => [outcome, metrics, contents];
const exceptTimes = ({ outcome, metrics, contents }: Outcome) => [
  outcome,
  Object.fromEntries(Object.entries(metrics).filter(([name]) => !TIMES.has(name))),
  contents,
];

function contentsOf(m: Machine): string[] {
  const numbers = new Map<number, number>();
  const text = (content: number | undefined): string => {
    if (content === undefined || content < CONTENT_LIMIT) return String(content);
    const known = numbers.get(content) ?? numbers.size;
    numbers.set(content, known);
    return `unique ${known}`;
  };
  const pages: string[] = [];
  for (const space of m.spaces.values())
    for (const vma of space.vmas)
      for (let page = vma.start; page < vma.end; page++) pages.push(text(contentAt(m, space, page)));
  return pages;
}

/** Replays lines of a trace on a machine. */
export async function outcomeOf(lines: readonly string[], machine: TestRun): Promise<Outcome> {
  let contents: string[] = [];
  let left = lines.length;
  const completed = (m: Machine): void => {
    if (--left === 0) contents = contentsOf(m);
  };
  const { outcome, metrics } = await run(traceOf(`${lines.join('\n')}\n`), { ...machine, completed });
  return { outcome, metrics, contents };
}

const SHIFT = 512 * 512 * 16;
/** Ops whose page is of a space. */
const OF_SPACE =
  /^(map|unmap|remap|protect|lock|unlock|read|write|discard|unpin|pin|madvise|process_madvise|dma-pin|dma-unpin)$/;
const SPACES = 7;

function fields(line: string): [string, string, string, string, string, string] {
  const [time, op, space, page, count, ...arg] = line.split(',');
  return [time!, op!, space!, page!, count!, arg.join(',')];
}

function shifted(line: string): string {
  const [time, op, space, page, count, arg] = fields(line);
  if (!OF_SPACE.test(op)) return line;
  const to = arg.replace(/^to=(\d+)/, (_, target) => `to=${Number(target) + SHIFT}`);
  return [time, op, space, Number(page) + SHIFT, count, to].join(',');
}

function withOtherSpaces(line: string): string {
  const [time, op, space, page, count, arg] = fields(line);
  const other = (id: string) => String(Number(id) * SPACES);
  const named = op === 'fork' ? arg.replace(/^\d+/, other) : arg.replace(/(?<= target=)\d+/, other);
  return [time, op, space === '' ? '' : other(space), page, count, named].join(',');
}

/** Names of objects are one letter, or x and a digit, in arguments that name one. */
function withOtherNames(line: string): string {
  const [time, op, space, page, count, arg] = fields(line);
  const renamed = /^(object|map|fallocate|fadvise|migrate)$/.test(op)
    ? arg.replace(/(:|\bfs=)(\w+)/g, '$1long-$2')
    : /^(close|truncate|sync|pread|pwrite)$/.test(op)
      ? `long-${arg}`
      : arg;
  return [time, op, space, page, count, renamed].join(',');
}

/** A read of several pages, as one of each. */
function cut(line: string): string[] {
  const [time, op, space, page, count, arg] = fields(line);
  const pages = Number(count);
  if (op !== 'read' || Math.abs(pages) < 2) return [line];
  const step = Math.sign(pages);
  return Array.from({ length: Math.abs(pages) }, (_, i) =>
    [time, op, space, Number(page) + step * i, 1, arg].join(','),
  );
}

function padded(line: string): string[] {
  const [time] = fields(line);
  return [line, `${time},mark,,,,m`, `${time},read,1,5,0,`];
}

const ofLines =
  (change: (lines: readonly string[]) => string[]) => (machine: TestRun, lines: readonly string[]) => ({
    machine,
    lines: change(lines),
  });
const ofMachine = (change: Partial<TestRun>) => (machine: TestRun, lines: readonly string[]) => ({
  machine: { ...machine, ...change },
  lines,
});
const isUnlimited = ({ limit }: TestRun, lines: readonly string[]): boolean =>
  !lines.some((line) => /^\d+,cgroup/.test(line)) &&
  (limit === 'none' || (limit === 'trace' && !lines.some((line) => /^\d+,limit/.test(line))));
const marksVolatile = (machine: TestRun, lines: readonly string[]): boolean =>
  machine.discard === 'volatile' || lines.some((line) => /MADV_(NON)?VOLATILE/.test(line));

/** Discard policies that differ in what they do at unpin. */
const AT_UNPIN = ['remove', 'punch', 'dontneed'].flatMap((name) => [
  name,
  `${name}:eager=1`,
  `${name}-managed:budget=4`,
]);

function withoutUnpins(discard: string): string | undefined {
  const { info, values } = discardPolicies.choose(discard);
  return info.withoutUnpins?.(values);
}

/** A policy that says of itself that it does the same as this one where nothing is unpinned. */
function partnerOf(discard: string): string | undefined {
  const behaviour = withoutUnpins(discard);
  return behaviour === undefined
    ? undefined
    : AT_UNPIN.findLast((other) => other !== discard && withoutUnpins(other) === behaviour);
}

/** All relations. */
export const RELATIONS: readonly Relation[] = [
  { name: 'again, without checks', change: ofMachine({ check: false }), seen: all },
  { name: 'pages shifted', change: ofLines((lines) => lines.map(shifted)), seen: all },
  { name: 'spaces with other numbers', change: ofLines((lines) => lines.map(withOtherSpaces)), seen: all },
  { name: 'objects renamed', change: ofLines((lines) => lines.map(withOtherNames)), seen: all },
  {
    name: 'empty reads and marks between',
    // A space that is not there may not read nothing.
    applies: ({ oom }, lines) =>
      oom !== 'kill' &&
      !lines.some((line) => /^\d+,exit,1,/.test(line)) &&
      /,spawn,1,/.test(lines.at(3) ?? ''),
    change: ofLines((lines) => [...lines.slice(0, 4), ...lines.slice(4).flatMap(padded)]),
    seen: all,
  },
  {
    name: 'reads cut into pages',
    change: ofLines((lines) => lines.flatMap(cut)),
    // Where memory runs out in a read, its pages until then are of no event that was done.
    seen: (outcome) => (outcome.outcome === 'ok' ? exceptTimes(outcome) : outcome.outcome),
  },
  {
    name: 'a limit that is never met',
    applies: isUnlimited,
    change: ofMachine({ limit: 2 ** 30 }),
    seen: all,
  },
  {
    name: 'more memory than is ever used',
    applies: ({ memory }) => memory === undefined,
    change: ofMachine({ memory: 2 ** 22 }),
    seen: ({ outcome, metrics, contents }) => [outcome, metrics.pgfault, metrics.pgmajfault, contents],
  },
  {
    name: 'another purge policy while nothing is volatile',
    applies: (machine, lines) => !marksVolatile(machine, lines),
    change: ofMachine({ purge: 'range-fifo' }),
    seen: all,
  },
  {
    name: 'another discard policy that differs only at unpin',
    applies: ({ discard = 'keep' }, lines) =>
      partnerOf(discard) !== undefined && !lines.some((line) => /^\d+,unpin/.test(line)),
    change: (machine, lines) => ({
      machine: { ...machine, discard: partnerOf(machine.discard ?? 'keep')! },
      lines,
    }),
    seen: all,
  },
  {
    name: 'without merging: the same contents',
    applies: (machine, lines) => machine.memory === undefined && isUnlimited(machine, lines),
    change: ofMachine({ merge: 'none' }),
    seen: ({ outcome, contents }) => [outcome, contents],
  },
];

/** Where a relation does not hold; undefined where it does, or says nothing. */
export async function broken(
  relation: Relation,
  machine: TestRun,
  lines: readonly string[],
  before: Outcome,
): Promise<string | undefined> {
  const changed = relation.change(machine, lines);
  const after = await outcomeOf(changed.lines, changed.machine);
  const [seen, expected] = [relation.seen(after), relation.seen(before)];
  if (isDeepStrictEqual(seen, expected)) return undefined;
  const names = Object.keys(before.metrics).filter((name) => before.metrics[name] !== after.metrics[name]);
  const metrics = names.map((name) => `${name} ${before.metrics[name]} → ${after.metrics[name]}`);
  return `${relation.name}: ${before.outcome} → ${after.outcome} ${metrics.slice(0, 8).join(', ')}; contents ${isDeepStrictEqual(before.contents, after.contents) ? 'equal' : 'differ'}`;
}
