import fc from 'fast-check';
import { pick } from './event.js';

/** Memory of three whole page tables, and where parts of it are moved to. */
const FIRST = 512 * 600;
const PAGES = 3 * 512;
const TARGET = FIRST + 8 * 512;
const MOST_SPACES = 3;

/** Where an event happens, and a number for whatever else is to be chosen. */
interface Place {
  readonly space: number;
  /** A whole huge page, a part of one, or parts of two. */
  readonly range: string;
  readonly more: number;
}

const RANGES = (more: number): readonly (readonly [start: number, count: number])[] => [
  [0, 512],
  [512, 512],
  [0, 1024],
  [0, PAGES],
  [more % 512, 7],
  [500, 30],
  [512 + (more % 256), 200],
  [1024, 511],
];

const ADVICE = [
  'MADV_DONTNEED',
  'MADV_FREE',
  'MADV_COLD',
  'MADV_PAGEOUT',
  'MADV_COLLAPSE',
  'MADV_HUGEPAGE',
  'MADV_NOHUGEPAGE',
  'MADV_VOLATILE',
  'MADV_NONVOLATILE',
  'MADV_MERGEABLE',
  'MADV_UNMERGEABLE',
  'MADV_WILLNEED',
  'MADV_DONTFORK',
  'MADV_DOFORK',
];
/** Of the first ones there are most. */
const MOSTLY = 5;

const map = (range: string) => `map,${range},anon`;
const all = (space: number) => `${space},${FIRST},${PAGES}`;

/** Kinds of events, each a few lines: those that take memory away give it back. */
const KINDS: readonly ((place: Place) => string[])[] = [
  ({ range }) => [`write,${range},`],
  ({ range, more }) => [`write,${range},=${more % 9}`],
  ({ range }) => [`write,${range},=0`],
  ({ range }) => [`read,${range},`],
  ({ range }) => [`read,${range},`],
  ({ range, more }) => [`madvise,${range},${ADVICE[more % ADVICE.length]}`],
  ({ range, more }) => [`madvise,${range},${ADVICE[more % MOSTLY]}`],
  ({ range, more }) => [`madvise,${range},${ADVICE[more % MOSTLY]}`],
  ({ range }) => [`unmap,${range},`, map(range)],
  ({ space }) => [map(all(space))],
  ({ range }) => [`protect,${range},ro`, `read,${range},`, `protect,${range},rw`],
  ({ range }) => [`madvise,${range},MADV_GUARD_INSTALL`, `madvise,${range},MADV_GUARD_REMOVE`],
  ({ range }) => [`lock,${range},`, `madvise,${range},MADV_DONTNEED`, `unlock,${range},`],
  ({ range }) => [`discard,${range},`],
  ({ range }) => [`unpin,${range},regen_ns=100`],
  ({ range }) => [`pin,${range},`],
  ({ space, more }) => {
    const to = TARGET + (more % 3 === 0 ? 7 : 0);
    return [`remap,${space},${FIRST},512,to=${to}`, `remap,${space},${to},512,to=${FIRST}`];
  },
  ({ more }) => [`set,,,,thp.enabled=${['always', 'madvise', 'never', 'always'][more % 4]}`],
  ({ more }) => [`set,,,,thp.defrag=${more % 2 ? 'always' : 'never'}`],
  ({ more }) => [`set,,,,khugepaged.max_ptes_none=${[0, 64, 511][more % 3]}`],
  ({ more }) => [`set,,,,khugepaged.scan_sleep_millisecs=${more % 3}`],
  ({ more }) => [`set,,,,mm.shared_zero_page=${more % 2}`],
  ({ more }) => [`set,,,,kernel.version=${['6.1', '6.12', '6.18'][more % 3]}`],
  ({ space, more }) => [`prctl,${space},,,thp_disable=${more % 3 === 0 ? 1 : 0}`],
  ({ more }) => [`limit,,,${more % 3 === 0 ? '' : 300 + (more % 1500)},`],
  ({ space }) => [`cgroup,${space},,,g`],
  ({ more }) => [`cgroup,,,,g memory.max=${more % 3 === 0 ? 'max' : 300 + (more % 900)}`],
];

const choice = fc.record({
  kind: fc.nat(KINDS.length + 1),
  space: fc.nat(MOST_SPACES - 1),
  range: fc.nat(99),
  gap: fc.constantFrom(0, 1, 5, 400, 30_000),
  more: fc.nat(2 ** 20),
});
type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

function linesOf(chosen: readonly Choice[]): string[] {
  const spaces = [1];
  let now = 0;
  const lines = ['0,set,,,,thp.enabled=always', '0,spawn,1,,,', `0,${map(all(1))}`];
  for (const { kind, space: at, range, gap, more } of chosen) {
    now += gap;
    const [space] = pick(spaces, at);
    const [[start, count]] = pick(RANGES(more >> 8), range);
    const place = { space, range: `${space},${FIRST + start},${count}`, more };
    const child = Array.from({ length: MOST_SPACES }, (_, i) => i + 1).find((id) => !spaces.includes(id));
    if (kind < KINDS.length) lines.push(...KINDS[kind]!(place).map((line) => `${now},${line}`));
    else if (child !== undefined) {
      lines.push(`${now},fork,${space},,,${child}`, `${now},${map(`${child},${FIRST + PAGES},9`)}`);
      spaces.push(child);
    } else {
      lines.push(`${now},exit,${spaces[1]},,,`);
      spaces.splice(1, 1);
    }
  }
  return lines;
}

/** Traces that make sense of memory that may be huge: what splits it, collapses it, moves, shares and reclaims it. */
export function hugeTrace(maxEvents: number): fc.Arbitrary<string[]> {
  return fc.noBias(fc.array(choice, { minLength: 1, maxLength: maxEvents, size: 'max' })).map(linesOf);
}
