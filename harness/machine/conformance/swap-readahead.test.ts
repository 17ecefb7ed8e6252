import { expect } from 'vitest';
import { type Case, conform, csvLines, skip } from '../../testing/conformance.js';
import { Lab } from '../../testing/lab.js';
import { access } from '../mapping/access.js';
import { READ, UNIQUE } from '../memory/contents.js';
import { PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { SwapHistory } from '../state/swap-window.js';
import type { SharedObject } from '../state/vma.js';

const PAGES = 1024;
/** Where the memory is mapped; other pages that go to swap first, so that slots lie as they did. */
const BASE = 2 ** 20;
const OTHERS = 2 ** 21;

/** All memory is read by place there, that of the program which measured too: how it had gone before is not known. */
const OWN_PAGES = skip('the program had its own pages read by place before');

/** A line of the table. */
interface Step {
  readonly call: string;
  readonly counts: string;
  /** Pages that came into memory. */
  readonly came: string;
}

interface Test {
  readonly kernel: string;
  readonly pageCluster: string;
  readonly byAddress: string;
  readonly kind: string;
  readonly steps: Step[];
}

/** Tests by name, and for each kernel in the order in which they were made. */
function tests(): Map<string, Test> {
  const found = new Map<string, Test>();
  for (const line of csvLines('swap_readahead.csv').rows) {
    const [kernel, name, pageCluster, byAddress, kind, call, ...rest] = line.split(',');
    const id = `${kernel} ${name}`;
    const test = found.get(id) ?? {
      kernel: kernel!,
      pageCluster: pageCluster!,
      byAddress: byAddress!,
      kind: kind!,
      steps: [],
    };
    found.set(id, test);
    test.steps.push({ call: call!, counts: rest.slice(0, 3).join(' '), came: rest[3]! });
  }
  return found;
}

/** The place of page 0 on the swap device, as far as it matters: what was read around the first page is a whole block. */
function firstPlace({ steps, byAddress, kind }: Test): number {
  if (byAddress === '1' && kind === 'anon') return 0;
  const [from, to] = steps[0]!.came.split('-').map(Number) as [number, number];
  const block = to - from + 1;
  return (block - (from % block)) % block;
}

/** Memory that was written, and went to swap as a whole. */
class Swapped {
  private readonly lab: Lab;
  private readonly space: Space;
  private readonly object: SharedObject | undefined;
  private readonly here = new Uint8Array(PAGES);

  /** @param history of what was read by place before: the device remembers it */
  constructor(test: Test, history: SwapHistory | undefined) {
    this.lab = new Lab({ swap: 'ssd' });
    const { m } = this.lab;
    m.set('kernel.version', test.kernel);
    m.set('vm.page-cluster', test.pageCluster);
    m.set('swap.vma_ra_enabled', test.byAddress);
    this.space = this.lab.spawn();
    const shared = test.kind === 'shmem';
    // The header of the device is its first page.
    const others = (firstPlace(test) + 32 - 1) % 32;
    this.goToSwap(OTHERS, others, 'anon');
    if (shared) this.object = this.lab.object(PAGES, 'shmem:o');
    this.goToSwap(BASE, PAGES, shared ? 'shared:o@0' : 'anon');
    Object.assign(m.swapHistory, history);
  }

  private goToSwap(page: number, count: number, what: string): void {
    if (count === 0) return;
    this.lab.map(this.space, page, count, what);
    this.lab.write(this.space, page, count);
    this.lab.madvise(this.space, page, count, 'MADV_PAGEOUT');
    this.lab.m.reclaim.setLimit(1);
    this.lab.m.reclaim.setLimit(undefined);
  }

  get history(): SwapHistory {
    return this.lab.m.swapHistory;
  }

  /** Makes an access. Returns what it counted. */
  do(call: string): string {
    const { m } = this.lab;
    const [what, page] = call.split(' ');
    const { pgmajfault, swap_ra, swap_ra_hit } = m.counters;
    access(m, this.space, BASE + Number(page), 1, what === 'write' ? UNIQUE : READ, 0);
    const counts = [pgmajfault, swap_ra, swap_ra_hit];
    const now = [m.counters.pgmajfault, m.counters.swap_ra, m.counters.swap_ra_hit];
    return now.map((count, i) => count - counts[i]!).join(' ');
  }

  private isHere(index: number): boolean {
    const { pages, tables } = this.lab.m;
    if (this.object) return pages.resident[this.object.page(index)] === 1;
    return pages.resident[tables.get(this.space.directory.entry(BASE + index)) >>> PTE_SHIFT] === 1;
  }

  /** The pages that have come into memory since the last call: `3 17-31`. */
  came(): string {
    const ranges: string[] = [];
    for (let from = 0; from < PAGES; from++) {
      let to = from;
      for (; to < PAGES && this.here[to] === 0 && this.isHere(to); to++) this.here[to] = 1;
      if (to > from) ranges.push(to === from + 1 ? `${from}` : `${from}-${to - 1}`);
    }
    return ranges.join(' ');
  }
}

function cases(all: Map<string, Test>): [id: string, run: Case][] {
  const done = new Map<Test, { history: SwapHistory; steps: readonly Step[] }>();
  const ordered = [...all];
  const result = (test: Test): { history: SwapHistory; steps: readonly Step[] } => {
    const known = done.get(test);
    if (known) return known;
    const before = ordered.map(([, other]) => other).filter(({ kernel }) => kernel === test.kernel);
    const previous = before[before.indexOf(test) - 1];
    const memory = new Swapped(test, previous && result(previous).history);
    const steps = test.steps.map(({ call }) => ({ call, counts: memory.do(call), came: memory.came() }));
    const made = { history: { ...memory.history }, steps };
    done.set(test, made);
    return made;
  };
  return ordered.flatMap(([id, test]) =>
    test.steps.map((step, i): [string, Case] => [
      `${id} ${i + 1}`,
      i === 0 && test.byAddress === '0' ? OWN_PAGES : () => expect(result(test).steps[i]).toEqual(step),
    ]),
  );
}

const all = cases(tests());
conform(
  'swap_readahead.csv',
  all.map(([id]) => id),
  Object.fromEntries(all),
);
