import type { Advice } from '../naive/calls.js';
import { access } from '../naive/faults.js';
import { map, move } from '../naive/mmap.js';
import { setLimit } from '../naive/reclaim.js';
import type { Flag, HugeSettings, NaiveKernel, Space } from '../naive/state.js';
import { findVma } from '../naive/vmas.js';
import {
  type Choice,
  contents,
  type Event,
  event,
  type KindInfo,
  type Place,
  pick,
  run,
  TABLE,
} from './event.js';

/** Memory of three whole page tables, and where parts of it are moved to. */
const FIRST = TABLE * 600;
const PAGES = 3 * TABLE;
const TARGET = FIRST + 8 * TABLE;

/** Whole huge pages, parts of one, and parts of two. */
const RANGES = (more: number): readonly (readonly [start: number, count: number])[] => [
  [0, TABLE],
  [TABLE, TABLE],
  [2 * TABLE, TABLE],
  [0, 2 * TABLE],
  [0, PAGES],
  [more % PAGES, 1],
  [more % (PAGES - 7), 7],
  [TABLE - 12, 30],
  [TABLE + (more % 256), 200],
  [2 * TABLE, TABLE - 1],
  [more % TABLE, TABLE],
];

/** A place in memory that may be huge: mostly where it is mapped first, else where it is moved to. */
export function hugePlace({ page, count, extra }: Choice, space: Space): Place {
  const [[start, pages]] = pick(RANGES(extra), page);
  return {
    space,
    page: start + (count % 6 === 0 ? TARGET : FIRST),
    count: pages,
    extra: Math.floor(extra / PAGES),
  };
}

/** The first run of pages in a place that may be accessed so. */
function touch({ space, page, count, extra }: Place, write: boolean): Event | undefined {
  const flag: Flag = write ? 'write' : 'read';
  const allowed = (vpn: number) => findVma(space, vpn)?.flags.has(flag) === true && !space.guards.has(vpn);
  const first = page + run(page, count, (vpn) => !allowed(vpn));
  const length = run(first, page + count - first, allowed);
  if (length === 0) return undefined;
  const down = extra % 4 === 3;
  const [at, signed] = down ? [first + length - 1, -length] : [first, length];
  const [content, arg] = write ? written(Math.floor(extra / 4)) : [undefined, ''];
  return event(`${flag},${space.id},${at},${signed},${arg}`, (k) =>
    access(k, k.space(space.id), at, signed, content),
  );
}

/** As `contents`, and zeros now and then: a huge page of which much is zero may be split. */
function written(extra: number): ReturnType<typeof contents> {
  return extra % 5 === 0 ? [{ first: 0, step: 0 }, '=0'] : contents(Math.floor(extra / 5));
}

const MAP_FLAGS = ['', '', '', 'ro', 'populate', 'droppable', 'locked'] as const;

function mapEvent({ space, page, count, extra }: Place, locks: boolean): Event {
  const [flag] = pick(MAP_FLAGS.slice(0, locks ? undefined : -1), extra);
  const flags: Flag[] = ['read', 'mayWrite'];
  if (flag !== 'ro') flags.push('write');
  if (flag === 'droppable') flags.push('droppable', 'wipeOnFork', 'dontDump');
  if (flag === 'locked') flags.push('locked');
  const mapping = { object: undefined, offset: 0, flags, populate: flag === 'populate' };
  return event(`map,${space.id},${page},${count},anon${flag && ` ${flag}`}`, (k) =>
    map(k, k.space(space.id), page, count, mapping),
  );
}

/** What happens to huge pages most: what splits, drops and gathers them. */
const ADVICES: readonly Advice[] = [
  'MADV_DONTNEED',
  'MADV_DONTNEED',
  'MADV_FREE',
  'MADV_FREE',
  'MADV_COLD',
  'MADV_PAGEOUT',
  'MADV_PAGEOUT',
  'MADV_COLLAPSE',
  'MADV_COLLAPSE',
  'MADV_WILLNEED',
  'MADV_POPULATE_READ',
  'MADV_POPULATE_WRITE',
];

type Advise = (place: Place, advice: Advice) => Event;

/** Moves all that a place has to the other place, as it lies in its page tables or otherwise. */
function moveEvent(k: NaiveKernel, { space, page, count, extra }: Place): Event | undefined {
  if (!findVma(space, page) || space.vmas.length + 5 >= k.maxMapCount) return undefined;
  const away = page < TARGET ? TARGET - FIRST : FIRST - TARGET;
  const to = page + away + (extra % 3 === 0 ? 7 : 0);
  if (to < page + count && page < to + count) return undefined;
  return event(`remap,${space.id},${page},${count},to=${to}`, (now) =>
    move(now, now.space(space.id), page, count, to),
  );
}

function settingEvent({ extra }: Place): Event {
  const [set, rest] = pick<(k: HugeSettings, value: number) => string>(
    [
      (huge, value) => {
        huge.defrag = (['always', 'madvise', 'never'] as const)[value % 3]!;
        return `thp.defrag=${huge.defrag}`;
      },
      (huge, value) => {
        huge.maxPtesNone = [511, 0, 64, 400][value % 4]!;
        return `khugepaged.max_ptes_none=${huge.maxPtesNone}`;
      },
      (huge, value) => {
        huge.useZeroPage = value % 3 > 0;
        return `thp.use_zero_page=${huge.useZeroPage ? 1 : 0}`;
      },
      (huge, value) => {
        huge.shrinkUnderused = value % 3 > 0;
        return `thp.shrink_underused=${huge.shrinkUnderused ? 1 : 0}`;
      },
    ],
    extra,
  );
  return event(`set,,,,${set({} as HugeSettings, rest)}`, (k) => void set(k.huge, rest));
}

/**
 * Kinds of events where memory may be huge.
 *
 * @param advise makes the event of an advice
 */
export function hugeKinds(advise: Advise): Readonly<Record<string, KindInfo>> {
  return {
    map: { weight: 5, room: true, make: (_k, place) => mapEvent(place, false) },
    mapLocked: { weight: 1, room: true, make: (_k, place) => mapEvent(place, true) },
    write: { weight: 18, make: (_k, place) => touch(place, true) },
    read: { weight: 12, make: (_k, place) => touch(place, false) },
    advise: { weight: 24, make: (_k, place) => advise(place, pick(ADVICES, place.extra)[0]) },
    adviseHuge: {
      weight: 4,
      make: (_k, place) => advise(place, place.extra % 4 === 0 ? 'MADV_NOHUGEPAGE' : 'MADV_HUGEPAGE'),
    },
    move: { weight: 5, room: true, make: (k, place) => moveEvent(k, place) },
    setting: { weight: 3, make: (_k, place) => settingEvent(place) },
    disable: {
      weight: 1,
      make: (_k, { space, extra }) => {
        const on = extra % 3 === 0;
        return event(`prctl,${space.id},,,thp_disable=${on ? 1 : 0}`, (k) => {
          k.space(space.id).noHugePages = on;
        });
      },
    },
    limit: {
      weight: 3,
      make: (_k, { extra }) => {
        const pages = extra % 4 === 0 ? undefined : 300 + (extra % 1700);
        return event(`limit,,,${pages ?? ''},`, (k) => setLimit(k, pages ?? Number.POSITIVE_INFINITY));
      },
    },
  };
}

/** Every trace begins with memory to have huge pages in. */
export function hugeStart(): Event {
  const flags: Flag[] = ['read', 'mayWrite', 'write'];
  return event(`map,1,${FIRST},${PAGES},anon`, (k) =>
    map(k, k.space(1), FIRST, PAGES, { object: undefined, offset: 0, flags, populate: false }),
  );
}
