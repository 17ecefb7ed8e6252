import { fadvise, fallocateBlocks, fallocatePunch } from '../naive/calls.js';
import { closeObject, declareObject, readFile, truncate, writeFile } from '../naive/objects.js';
import { writeBack } from '../naive/reclaim.js';
import type { NaiveKernel, SharedObject } from '../naive/state.js';
import {
  call,
  contents,
  type Event,
  event,
  type KindInfo,
  type Maker,
  MOST_OBJECT_PAGES,
  type Place,
  pick,
} from './event.js';

const NAMES = ['a', 'b'];
const FILE = 'f';
const TMPFS_FILES = ['t', 'u'];
/** A tmpfs of a size, which is soon full. */
export const TMPFS = 'tmp';
export const TMPFS_PAGES = 12;
const FILE_ADVICES = ['dontneed', 'dontneed', 'willneed', 'normal', 'random', 'sequential', 'noreuse'];

/** An object that somebody holds a descriptor of. */
function openObject(k: NaiveKernel, extra: number): [SharedObject, number] | undefined {
  const open = [...k.objects].filter(({ closed }) => !closed);
  return open.length === 0 ? undefined : pick(open, extra);
}

/** Events on an object that has a descriptor; `now` finds it again where the event runs. */
function onObject(make: (name: string, place: Place, now: (k: NaiveKernel) => SharedObject) => Event): Maker {
  return (k, place) => {
    const [object, extra] = openObject(k, place.extra) ?? [];
    if (!object) return undefined;
    const name = object.name!;
    return make(name, { ...place, extra: extra! }, (now) => now.named(name)!);
  };
}

/** Kinds of events on objects. */
export const OBJECT_KINDS = {
  object: {
    weight: 3,
    make: (k, { count, extra }) => {
      const name = NAMES.find((candidate) => !k.named(candidate));
      if (name === undefined) return undefined;
      const size = Math.min(count * 2, MOST_OBJECT_PAGES);
      const [flag, rest] = pick(['', '', '', '', ' sealed', ' nofd'], extra);
      const [filled, first] = pick([false, false, true], rest);
      const given = filled ? ({ first, step: 1 } as const) : undefined;
      const spec = { name, size, sealed: flag === ' sealed', descriptor: flag !== ' nofd', contents: given };
      return event(`object,,,${size},shmem:${name}${filled ? ` =${first}+` : ''}${flag}`, (now) =>
        declareObject(now, spec),
      );
    },
  },
  truncate: {
    weight: 2,
    make: onObject((name, { extra }, now) => {
      const size = extra % MOST_OBJECT_PAGES;
      return event(`truncate,,,${size},${name}`, (k) => truncate(k, now(k), size));
    }),
  },
  punch: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const index = extra % MOST_OBJECT_PAGES;
      return call(`fallocate,,${index},${count},punch:${name}`, (k) =>
        fallocatePunch(k, now(k), index, count),
      );
    }),
  },
  file: {
    weight: 2,
    make: (k, { count, extra }) => {
      if (k.named(FILE)) return undefined;
      const size = Math.min(count * 2, MOST_OBJECT_PAGES);
      const given = extra % 2 === 0 ? undefined : ({ first: extra >> 1, step: 1 } as const);
      const spec = { name: FILE, file: true, size, sealed: false, descriptor: true, contents: given };
      return event(`object,,,${size},file:${FILE}${given ? ` =${given.first}+` : ''}`, (now) =>
        declareObject(now, spec),
      );
    },
  },
  tmpfsFile: {
    weight: 3,
    make: (k, { count }) => {
      const name = TMPFS_FILES.find((candidate) => !k.named(candidate));
      if (name === undefined) return undefined;
      const size = count * 2;
      const spec = { name, size, sealed: false, descriptor: true, contents: undefined, fs: TMPFS };
      return event(`object,,,${size},shmem:${name} fs=${TMPFS}`, (now) => declareObject(now, spec));
    },
  },
  sync: {
    weight: 2,
    make: onObject((name, _place, now) => event(`sync,,,,${name}`, (k) => writeBack(k, now(k)))),
  },
  pread: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const index = extra % MOST_OBJECT_PAGES;
      return event(`pread,,${index},${count},${name}`, (k) => readFile(k, now(k), index, count));
    }),
  },
  pwrite: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const [index, rest] = [extra % MOST_OBJECT_PAGES, Math.floor(extra / MOST_OBJECT_PAGES)];
      const [content, arg] = contents(rest);
      return call(`pwrite,,${index},${count},${name}${arg && ` ${arg}`}`, (k) => ({
        errno: writeFile(k, now(k), index, count, content),
        value: 0,
      }));
    }),
  },
  allocate: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const [index, rest] = [extra % MOST_OBJECT_PAGES, Math.floor(extra / MOST_OBJECT_PAGES)];
      const zero = rest % 2 === 0;
      return call(`fallocate,,${index},${count},${zero ? 'zero' : 'alloc'}:${name}`, (k) =>
        fallocateBlocks(k, now(k), index, count, zero),
      );
    }),
  },
  fadvise: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const [index, rest] = [extra % MOST_OBJECT_PAGES, Math.floor(extra / MOST_OBJECT_PAGES)];
      const [advice] = pick(FILE_ADVICES, rest);
      return call(`fadvise,,${index},${count},${advice}:${name}`, (k) =>
        fadvise(k, now(k), index, count, advice),
      );
    }),
  },
  close: {
    weight: 1,
    make: onObject((name, _place, now) => event(`close,,,,${name}`, (k) => closeObject(k, now(k)))),
  },
} satisfies Record<string, KindInfo>;
