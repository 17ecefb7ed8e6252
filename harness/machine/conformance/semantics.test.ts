import { describe, expect, it } from 'vitest';
import type { SwapKind } from '../../contract/swap.js';
import { type Case, conform, csvLines, each } from '../../testing/conformance.js';
import { allCorrections, corrected } from '../../testing/corrections.js';
import { type Found, Lab, PAGE } from '../../testing/lab.js';
import type { Advice } from '../../trace/op.js';
import type { Space } from '../state/space.js';
import type { SharedObject } from '../state/vma.js';

/** 16 pages, of which the call is on the middle half; the object is mapped twice where it has a descriptor. */
const FIRST = 100;
const SECOND = 200;
const PAGES = 16;
const MIDDLE = 4;
const HALF = 8;

/** Contents: what a file held before, and what the program wrote over it. */
const FILE = 1;
const NEW = 1001;

/** Kinds of memory of the tables: how the first mapping is made, of which object, and whether it is written. */
const KINDS: Readonly<Record<string, { object?: string; map: string; written: boolean }>> = {
  memfd_shared: { object: 'shmem:o', map: 'shared:o@0', written: true },
  anon_private: { map: 'anon', written: true },
  ext4_private_dirty: { object: `file:o =${FILE}+`, map: 'private:o@0', written: true },
  ext4_shared: { object: `file:o =${FILE}+`, map: 'shared:o@0', written: true },
  ext4_private_clean: { object: `file:o =${FILE}+`, map: 'private:o@0', written: false },
  anon_shared: { map: 'anon-shared', written: true },
  memfd_private_dirty: { object: `shmem:o =${FILE}+`, map: 'private:o@0', written: true },
};

type Row = Record<string, string>;

/** The rows of a table, by their ids. */
function rowsOf(file: string): Map<string, Row> {
  const { header, rows } = csvLines(`${file}.csv`);
  const columns = header.split(',');
  return new Map(
    rows.map((line) => {
      const cells = line.split(',');
      const row = Object.fromEntries(columns.map((column, i) => [column, cells[i]!]));
      return [`${file}/${row.object}/${row.op}`, row];
    }),
  );
}

/** `zero`, `new`, `file` if a range holds nothing else; `-` for no range. */
function named(contents: readonly Found[] | undefined, first: number): string {
  if (!contents) return '-';
  const all = (of: (i: number) => number) => contents.every((content, i) => content === of(i));
  if (all(() => 0)) return 'zero';
  if (all((i) => NEW + first + i)) return 'new';
  return all((i) => FILE + first + i) ? 'file' : contents.join(' ');
}

/** One row of a table, done again. */
class Experiment {
  private readonly lab: Lab;
  private readonly p: Space;
  private readonly object: SharedObject | undefined;

  constructor(kind: string, swap: SwapKind) {
    const { object, map, written } = KINDS[kind]!;
    this.lab = new Lab({ swap });
    this.p = this.lab.spawn();
    if (object) this.object = this.lab.object(PAGES, object);
    this.lab.map(this.p, FIRST, PAGES, map);
    if (written) this.lab.write(this.p, FIRST, PAGES, NEW);
    else this.lab.read(this.p, FIRST, PAGES);
    if (!this.object) return;
    this.lab.map(this.p, SECOND, PAGES, 'shared:o@0');
    this.lab.read(this.p, SECOND, PAGES);
  }

  /** The columns that are measured both before and after the call; memory in kB. */
  private look(when: 0 | 1): Row {
    const first = this.lab.stat(this.p, FIRST, PAGES);
    const second = this.object ? this.lab.stat(this.p, SECOND, PAGES).rss : 0;
    const kb = (pages: number) => String((pages * PAGE) / 1024);
    const row: Row = {
      [`rss${when}`]: kb(first.rss),
      [`rss_m2_${when}`]: kb(second),
      [`blocks${when}`]: String(this.object ? (this.object.blocks * PAGE) / 512 : -1),
      [`pdirty${when}`]: kb(first.privateDirty),
      [`ref${when}`]: kb(first.referenced),
    };
    return when === 0 ? row : { ...row, lazyfree1: kb(first.lazyfree), swap1: kb(first.swap) };
  }

  private call(op: string): Row {
    const { lab, p } = this;
    const errno =
      op === 'PUNCH_HOLE'
        ? lab.punch(this.object, MIDDLE * PAGE, HALF * PAGE)
        : lab.madvise(p, FIRST + MIDDLE, HALF, `MADV_${op}` as Advice);
    return { ret: errno === 0 ? '0' : '-1', errno: String(errno) };
  }

  /** What the middle half holds, through each mapping and through the descriptor. */
  private reread(): Row {
    const { lab, p, object } = this;
    return {
      reread_map1: named(lab.read(p, FIRST + MIDDLE, HALF), MIDDLE),
      reread_map2: named(object && lab.read(p, SECOND + MIDDLE, HALF), MIDDLE),
      pread: named(object && lab.pread(object, MIDDLE, HALF), MIDDLE),
    };
  }

  run(op: string): Row {
    return { ...this.look(0), ...this.call(op), ...this.look(1), ...this.reread() };
  }
}

function caseOf(row: Row, swap: SwapKind): Case {
  return () => {
    const { object = '', op = '', ...expected } = row;
    expect(new Experiment(object, swap).run(op)).toEqual(corrected(`${object}/${op}`, expected));
  };
}

for (const [file, swap] of [
  ['b_semantics_swap', 'ssd'],
  ['b_semantics_noswap', 'none'],
] as const) {
  const rows = rowsOf(file);
  const ids = [...rows.keys()];
  conform(
    `${file}.csv`,
    ids,
    each(ids, (id) => caseOf(rows.get(id)!, swap)),
  );
}

describe('corrections of the tables', () => {
  const edges = csvLines('b_edge.csv').rows.join('\n');
  for (const { rows, cells } of allCorrections()) {
    it(`${rows.join(', ')}: each changes what was measured`, () => {
      for (const row of rows) {
        const measured = rowsOf('b_semantics_swap').get(`b_semantics_swap/${row}`);
        if (!measured) expect(edges).toContain(`${row},`);
        else
          for (const [column, value] of Object.entries(cells)) expect(measured[column], row).not.toBe(value);
      }
    });
  }
});
