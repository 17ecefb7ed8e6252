import { expect } from 'vitest';
import type { Errno } from '../../policy/discard/contract.js';
import { type Case, conform, edgeRows, skip } from '../../testing/conformance.js';
import { corrected } from '../../testing/corrections.js';
import { Lab, PAGE } from '../../testing/lab.js';
import { FALLOC_FL } from '../../testing/syscall.js';
import type { Space } from '../state/space.js';
import type { SharedObject } from '../state/vma.js';

/** The rows of b_edge.csv that are of their own kind. */
const FIRST = 100;
const PAGES = 16;
const NEW = 1001;
const SIZE = PAGES * PAGE;

const SEAL_CALL = 'fcntl(F_ADD_SEALS) is not an event: an object is sealed or not when it is declared';

/** A process that has written all of an object. */
interface Scene {
  readonly lab: Lab;
  readonly p: Space;
  readonly o: SharedObject;
}

function scene(object: 'shmem:o' | 'file:o' | 'shmem:o sealed' = 'shmem:o', map = 'shared:o@0'): Scene {
  const lab = new Lab();
  const p = lab.spawn();
  const o = lab.object(PAGES, object);
  if (object !== 'shmem:o sealed') lab.pwrite(o, 0, PAGES, NEW);
  lab.map(p, FIRST, PAGES, map);
  lab.read(p, FIRST, PAGES);
  return { lab, p, o };
}

/** st_blocks. */
function blocks({ o }: Scene): number {
  return (o.blocks * PAGE) / 512;
}

/**
 * What became of a page that was partly zeroed: its bytes are neither the old ones nor all zero. A page's contents are
 * one id here, so that this is what can be said of bytes.
 */
function partly({ lab, p }: Scene, page: number): boolean {
  const [content] = lab.read(p, FIRST + page, 1);
  return content !== NEW + page && content !== 0;
}

/** Runs a call, and compares what it returned and left with the row. */
function returns(id: string, act: () => { errno: Errno; note?: string }): [string, Case] {
  return [
    `b_edge/${id}`,
    () => {
      const row = edgeRows().get(`b_edge/${id}`);
      const { errno, note = '-' } = act();
      expect({ ret: errno === 0 ? '0' : '-1', errno: String(errno), note }).toEqual(
        corrected(id, row as unknown as Record<string, string>),
      );
    },
  ];
}

/** MADV_REMOVE through a mapping of an object. */
function removes(object: Parameters<typeof scene>[0], map: string): () => { errno: Errno } {
  return () => {
    const { lab, p } = scene(object, map);
    return { errno: lab.madvise(p, FIRST, PAGES, 'MADV_REMOVE') };
  };
}

/** fallocate on a file. */
function falls(mode: number, offset: number, length: number, descriptor = true): () => { errno: Errno } {
  return () => {
    const { lab, o } = scene('file:o');
    return { errno: lab.fallocate(o, mode, offset, length, descriptor) };
  };
}

const PUNCH = FALLOC_FL.punchHole | FALLOC_FL.keepSize;

const calls = [
  returns('ext4 shared map of O_RDONLY fd REMOVE', removes('file:o', 'shared:o@0 rofd')),
  returns('memfd shared map of O_RDONLY fd REMOVE', removes('shmem:o', 'shared:o@0 rofd')),
  returns('PUNCH_HOLE on O_RDONLY fd', falls(PUNCH, 0, PAGE, false)),
  returns('PUNCH_HOLE without KEEP_SIZE', falls(FALLOC_FL.punchHole, 0, PAGE)),
  returns('PUNCH_HOLE len 0', falls(PUNCH, 0, 0)),
  returns('PUNCH_HOLE neg off', falls(PUNCH, -PAGE, PAGE)),
  returns('PUNCH_HOLE beyond EOF', () => {
    const { lab, o } = scene('file:o');
    return { errno: lab.punch(o, 2 * SIZE, PAGE), note: `size=${o.size * PAGE}` };
  }),
];

/** The three holes of bytes that were tried on memory and on a disk. */
function byteHoles(kind: 'memfd_shared' | 'ext4_shared'): [string, Case][] {
  const object = kind === 'memfd_shared' ? 'shmem:o' : 'file:o';
  return [
    returns(`${kind} PUNCH_HOLE off=100 len=50 (inside a page)`, () => {
      const s = scene(object);
      const before = blocks(s);
      const errno = s.lab.punch(s.o, 100, 50);
      expect([0, 1].map((page) => partly(s, page))).toEqual([true, false]);
      expect(s.lab.pread(s.o, 0, 1)).toEqual(s.lab.read(s.p, FIRST, 1));
      const note = `b[99]=new b[100]=zero b[149]=zero b[150]=new blocks ${before}->${blocks(s)}`;
      return { errno, note };
    }),
    returns(`${kind} PUNCH_HOLE off=P+100 len=2P`, () => {
      const s = scene(object);
      const before = blocks(s);
      const errno = s.lab.punch(s.o, PAGE + 100, 2 * PAGE);
      const after = blocks(s);
      expect([0, 1, 3, 4].map((page) => partly(s, page))).toEqual([false, true, true, false]);
      expect(s.lab.read(s.p, FIRST + 2, 1)).toEqual([0]);
      const note = `p1[99]=new p1[100]=zero p2[0]=zero p3[99]=zero p3[100]=new blocks ${before}->${after}`;
      return { errno, note };
    }),
    returns(`${kind} PUNCH_HOLE all, size kept`, () => {
      const s = scene(object);
      const errno = s.lab.punch(s.o, 0, SIZE);
      return { errno, note: `blocks ${blocks(s)} size ${s.o.size * PAGE}` };
    }),
  ];
}

/**
 * What may be done to a memfd with a seal. F_SEAL_SHRINK and F_SEAL_GROW are about its size: holes do not ask for them,
 * and for the model such an object is one without a seal.
 */
function seals(seal: 'WRITE' | 'FUTURE_WRITE' | 'SHRINK' | 'GROW'): [string, Case][] {
  const object = seal === 'WRITE' || seal === 'FUTURE_WRITE' ? 'shmem:o sealed' : 'shmem:o';
  return [
    [`b_edge/memfd add seal F_SEAL_${seal} while writable mapping`, skip(SEAL_CALL)],
    [`b_edge/memfd add seal F_SEAL_${seal} no mapping`, skip(SEAL_CALL)],
    returns(`memfd F_SEAL_${seal} PUNCH_HOLE`, () => {
      const { lab, o } = scene(object, 'private:o@0 ro');
      return { errno: lab.punch(o, 0, SIZE) };
    }),
    returns(`memfd F_SEAL_${seal} MADV_REMOVE via RO shared map`, removes(object, 'shared:o@0 ro')),
    returns(`memfd F_SEAL_${seal} MADV_REMOVE via private RW map`, removes(object, 'private:o@0')),
  ];
}

const pages = [
  returns('REMOVE shared; private-COWed page and private-clean page of 2nd mapping', () => {
    const { lab, p } = scene();
    lab.map(p, 200, PAGES, 'private:o@0');
    lab.write(p, 204, 1, 77);
    lab.read(p, 205, 1);
    const errno = lab.madvise(p, FIRST, PAGES, 'MADV_REMOVE');
    const [cow, clean] = lab.read(p, 204, 2);
    return { errno, note: `cow=${cow === 77 ? 'new' : cow} clean=${clean === 0 ? 'zero' : clean}` };
  }),
  returns('MADV_FREE lazyfree accounting', () => {
    const lab = new Lab();
    const p = lab.spawn();
    lab.map(p, FIRST, PAGES, 'anon');
    lab.write(p, FIRST, PAGES, NEW);
    const errno = lab.madvise(p, FIRST, PAGES, 'MADV_FREE');
    const lazyfree = () => lab.stat(p, FIRST, PAGES).lazyfree * 4;
    const before = lazyfree();
    lab.write(p, FIRST, 1, 1);
    lab.read(p, FIRST + 1, 1);
    const rss = lab.stat(p, FIRST, PAGES).rss * 4;
    return {
      errno,
      note: `lazyfree ${before} kB -> after 1 write+1 read ${lazyfree()} kB (rss ${rss})`,
    };
  }),
  returns('anon read fault (zero page) RSS', () => {
    const lab = new Lab();
    const p = lab.spawn();
    lab.map(p, FIRST, PAGES, 'anon');
    lab.read(p, FIRST, PAGES);
    return { errno: 0, note: `rss=${lab.stat(p, FIRST, PAGES).rss * 4} kB` };
  }),
];

/** An advice by its number, on anonymous memory. */
function advises(number: number): () => { errno: Errno } {
  return () => {
    const lab = new Lab();
    const p = lab.spawn();
    lab.map(p, FIRST, PAGES, 'anon');
    return { errno: lab.madvise(p, FIRST, PAGES, number) };
  };
}

const numbers = [
  returns('madvise unknown advice 999', advises(999)),
  // The value that MADV_REMOVE had when it was proposed.
  returns('madvise 5 (was MADV_VOLATILE proposal nr?)', advises(5)),
  returns('madvise 16 DONTDUMP', advises(16)),
  returns('DONTNEED_LOCKED 24 on mlocked', () => {
    const lab = new Lab();
    const p = lab.spawn();
    lab.map(p, FIRST, PAGES, 'anon');
    lab.write(p, FIRST, PAGES, NEW);
    lab.lock(p, FIRST, PAGES);
    const errno = lab.madvise(p, FIRST, PAGES, 24);
    const zero = lab.read(p, FIRST, PAGES).every((content) => content === 0);
    return { errno, note: `reread=${zero ? 'zero' : 'other'}` };
  }),
];

const cases = [
  ...calls,
  ...byteHoles('memfd_shared'),
  ...byteHoles('ext4_shared'),
  ...seals('WRITE'),
  ...seals('FUTURE_WRITE'),
  ...seals('SHRINK'),
  ...seals('GROW'),
  ...pages,
  ...numbers,
];

const RANGES =
  / (?:mprotect\(PROT_READ\)|mlocked|unaligned addr|len=[01].*|unmapped hole in range|fully unmapped) [A-Z]+$/;
const ids = [...edgeRows().keys()].filter((id) => !RANGES.test(id));
conform('b_edge.csv, single calls', ids, Object.fromEntries(cases));
