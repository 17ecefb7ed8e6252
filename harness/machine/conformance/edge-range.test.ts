import { expect } from 'vitest';
import type { Errno } from '../../policy/discard/contract.js';
import { type Case, conform, type EdgeRow, each, edgeRows } from '../../testing/conformance.js';
import { type Found, Lab, PAGE } from '../../testing/lab.js';
import type { Advice } from '../../trace/op.js';
import type { Space } from '../state/space.js';

/** The rows of b_edge.csv that try each advice on each kind of memory in the same ways. */
const FIRST = 100;
const PAGES = 16;
const FILE = 1;
const NEW = 1001;

const KINDS: Readonly<Record<string, { object?: string; map: string }>> = {
  memfd_shared: { object: 'shmem:o', map: 'shared:o@0' },
  anon_private: { map: 'anon' },
  ext4_private_dirty: { object: `file:o =${FILE}+`, map: 'private:o@0' },
  ext4_shared: { object: `file:o =${FILE}+`, map: 'shared:o@0' },
};

/** A process that has written all of its one mapping. */
function written(kind: string): { lab: Lab; p: Space } {
  const { object, map } = KINDS[kind]!;
  const lab = new Lab({ swap: 'ssd' });
  const p = lab.spawn();
  if (object) lab.object(PAGES, object);
  lab.map(p, FIRST, PAGES, map);
  lab.write(p, FIRST, PAGES, NEW);
  return { lab, p };
}

/** What a range of the mapping holds: `zero`, `new` or `file`. */
function look(lab: Lab, p: Space, first: number, count: number): string {
  const found: Found[] = lab.read(p, FIRST + first, count);
  if (found.every((content) => content === 0)) return 'zero';
  if (found.every((content, i) => content === NEW + first + i)) return 'new';
  return found.every((content, i) => content === FILE + first + i) ? 'file' : found.join(' ');
}

/** A way to call: prepares, calls, and looks. */
type Way = (lab: Lab, p: Space, advice: Advice) => { errno: Errno; note: () => string };

/** The call is on the whole mapping once it has been prepared. */
function prepared(prepare: (lab: Lab, p: Space) => void): Way {
  return (lab, p, advice) => {
    prepare(lab, p);
    return { errno: lab.madvise(p, FIRST, PAGES, advice), note: () => `reread=${look(lab, p, 0, PAGES)}` };
  };
}

const HOLE = 8;

const WAYS: Readonly<Record<string, Way>> = {
  'mprotect(PROT_READ)': prepared((lab, p) => lab.protect(p, FIRST, PAGES, 'ro')),
  mlocked: prepared((lab, p) => lab.lock(p, FIRST, PAGES)),
  'unaligned addr': (lab, p, advice) => ({
    errno: lab.madviseBytes(p, FIRST * PAGE + 1, 4 * PAGE, advice).errno,
    note: () => `reread=${look(lab, p, 0, PAGES)}`,
  }),
  'len=0': (lab, p, advice) => ({
    errno: lab.madviseBytes(p, FIRST * PAGE, 0, advice).errno,
    note: () => `reread=${look(lab, p, 0, PAGES)}`,
  }),
  // A page has one content: its first byte and its last are gone or kept together.
  'len=1 (rounded up to a page)': (lab, p, advice) => ({
    errno: lab.madviseBytes(p, FIRST * PAGE, 1, advice).errno,
    note: () => {
      const page = look(lab, p, 0, 1);
      return `reread[0]=${page} reread[4095]=${page} next=${look(lab, p, 1, PAGES - 1)}`;
    },
  }),
  'unmapped hole in range': (lab, p, advice) => {
    lab.unmap(p, FIRST + HOLE, 1);
    return {
      errno: lab.madvise(p, FIRST, PAGES, advice),
      note: () =>
        `before_hole=${look(lab, p, 0, HOLE)} after_hole=${look(lab, p, HOLE + 1, PAGES - HOLE - 1)}`,
    };
  },
  'fully unmapped': (lab, p, advice) => {
    lab.unmap(p, FIRST, PAGES);
    return { errno: lab.madvise(p, FIRST, PAGES, advice), note: () => '-' };
  },
};

/** Kind, way and advice of a case's id; undefined for the cases that are of their own kind. */
function parse(id: string): { kind: string; way: Way; advice: Advice } | undefined {
  const [, kind, name, advice] = /^b_edge\/(\w+) (.+) ([A-Z]+)$/.exec(id) ?? [];
  const way = WAYS[name ?? ''];
  if (!way || !kind || !(kind in KINDS)) return undefined;
  return { kind, way, advice: `MADV_${advice}` as Advice };
}

function caseOf(id: string, row: EdgeRow): Case {
  return () => {
    const { kind, way, advice } = parse(id)!;
    const { lab, p } = written(kind);
    const { errno, note } = way(lab, p, advice);
    expect({ ret: errno === 0 ? '0' : '-1', errno: String(errno), note: note() }).toEqual(row);
  };
}

const rows = edgeRows();
const ids = [...rows.keys()].filter((id) => parse(id) !== undefined);
conform(
  'b_edge.csv, each advice on each kind of memory',
  ids,
  each(ids, (id) => caseOf(id, rows.get(id)!)),
);
