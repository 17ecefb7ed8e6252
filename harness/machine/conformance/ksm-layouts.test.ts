import { expect } from 'vitest';
import { type Case, conform, csvLines, skip } from '../../testing/conformance.js';
import { sysfs } from '../../testing/ksm.js';
import { Lab } from '../../testing/lab.js';
import { access } from '../mapping/access.js';
import type { Space } from '../state/space.js';

/** Names of counters in the data, and of `sysfs`. */
const COUNTERS = {
  pages_shared: 'shared',
  pages_sharing: 'sharing',
  pages_unshared: 'unshared',
  pages_volatile: 'volatile',
  ksm_zero_pages: 'zeroPages',
  stable_node_chains: 'chains',
  stable_node_dups: 'dups',
  general_profit: 'profit',
} as const;
type Counter = keyof typeof COUNTERS;
type Seen = Record<Counter, number>;

/** A layout as it was made: what ksmd counts at its marks. */
class Layout {
  readonly seen = new Map<string, Seen>();
  readonly lab: Lab;

  constructor(smart: 0 | 1) {
    this.lab = new Lab({ merge: `ksm:smart_scan=${smart},pages_to_scan=20000` });
  }

  /** Processes with mergeable memory, the contents of each from `first` on. */
  processes(pages: number, ...first: readonly number[]): Space[] {
    return first.map((content) => {
      const space = this.lab.spawn();
      this.lab.map(space, 0, pages, 'anon');
      this.lab.madvise(space, 0, pages, 'MADV_MERGEABLE');
      this.write(space, 0, pages, content, 1);
      return space;
    });
  }

  write(space: Space, page: number, count: number, content: number, step: 0 | 1 = 0): void {
    access(this.lab.m, space, page, count, content, step);
  }

  scans(count: number): void {
    this.lab.fullScans(count);
  }

  mark(name: string): void {
    const seen = sysfs(this.lab);
    const entries = Object.entries(COUNTERS).map(([counter, field]) => [counter, seen[field]]);
    this.seen.set(name, Object.fromEntries(entries) as Seen);
  }
}

const LAYOUTS: Readonly<Record<string, (layout: Layout) => void>> = {
  kunmerge(layout) {
    const { lab } = layout;
    const [first] = layout.processes(2048, 1000, 1000) as [Space, Space];
    layout.scans(4);
    layout.mark('merged');
    lab.madvise(first, 0, 1024, 'MADV_UNMERGEABLE');
    layout.mark('unmerged');
    layout.scans(3);
    layout.mark('after3');
    lab.madvise(first, 0, 1024, 'MADV_MERGEABLE');
    layout.scans(4);
    layout.mark('again');
    lab.ksm('run', 2);
    layout.mark('run2');
  },
  kzero(layout) {
    const { lab } = layout;
    const [first] = [0, 1].map(() => {
      const [space] = layout.processes(3072, 1000) as [Space];
      layout.write(space, 0, 1024, 0);
      layout.write(space, 1024, 2048, 1000, 1);
      return space;
    }) as [Space, Space];
    layout.scans(4);
    layout.mark('nozero');
    lab.ksm('use_zero_pages', 1);
    layout.scans(4);
    layout.mark('switched');
    layout.write(first, 0, 512, 0);
    layout.scans(4);
    layout.mark('rewrittenzero');
    layout.write(first, 512, 256, 77);
    layout.mark('dirtied');
    layout.scans(4);
    layout.mark('settled');
  },
  kvol(layout) {
    const { lab } = layout;
    const [first, second] = layout.processes(1024, 1000, 1500) as [Space, Space];
    layout.scans(3);
    layout.mark('half');
    layout.write(second, 512, 512, 1000, 1);
    layout.scans(10);
    layout.mark('late10');
    lab.madvise(first, 0, 256, 'MADV_DONTNEED');
    layout.scans(2);
    layout.mark('dn');
  },
  kdropfree(layout) {
    const { lab } = layout;
    const [first, second] = layout.processes(2048, 1000, 1000) as [Space, Space];
    layout.scans(4);
    layout.mark('merged');
    lab.madvise(first, 0, 512, 'MADV_DONTNEED');
    lab.madvise(second, 256, 512, 'MADV_FREE');
    layout.mark('dropped');
    layout.scans(3);
    layout.mark('after');
    lab.read(second, 256, 512);
    layout.scans(2);
    layout.mark('read');
  },
};

/** What two runs read of each counter, in the order of the columns. */
function runsOf(columns: readonly string[], cells: readonly string[]): [Counter, number[]][] {
  return cells.map((cell, i) => [columns[i] as Counter, cell.split(' ').map(Number)]);
}

const layouts = new Map<string, Layout>();

/** A layout, made once. */
function made(name: string): Layout {
  const known = layouts.get(name);
  if (known) return known;
  const layout = new Layout(name === 'kvol' ? 1 : 0);
  LAYOUTS[name]!(layout);
  layouts.set(name, layout);
  return layout;
}

function caseOf(layout: string, mark: string, runs: readonly [Counter, number[]][]): Case {
  if (layout === 'kprctl')
    return skip('PR_SET_MEMORY_MERGE took pages of the program itself with it, which no trace has');
  if (mark === 'dirtied') return skip('read within a scan, which had met 124 or 74 of 256 pages once');
  return () => {
    const mine = made(layout).seen.get(mark)!;
    for (const [counter, counted] of runs) {
      expect(mine[counter], counter).toBeGreaterThanOrEqual(Math.min(...counted));
      expect(mine[counter], counter).toBeLessThanOrEqual(Math.max(...counted));
    }
  };
}

const { header, rows } = csvLines('ksm_layouts.csv');
const columns = header.split(',').slice(2);

const cases = rows.map((line): [string, Case] => {
  const [layout, mark, ...cells] = line.split(',') as [string, string, ...string[]];
  return [`ksm_layouts.csv/${layout} ${mark}`, caseOf(layout, mark, runsOf(columns, cells))];
});

conform(
  'ksm_layouts.csv',
  cases.map(([id]) => id),
  Object.fromEntries(cases),
);
