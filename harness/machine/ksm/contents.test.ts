import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FuzzedMachine, randomTrace } from '../../testing/fuzz/lockstep.js';
import { run, type TestRun } from '../../testing/machine.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { traceOf } from '../../testing/traces.js';
import { CONTENT_LIMIT } from '../../trace/op.js';
import { isAnonPage } from '../entries/entry.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import type { Machine } from '../machine.js';
import { contentAt } from '../mapping/access.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import { VM } from '../state/vma.js';

/** µs between events: ksmd gets through several batches. */
const STEP_US = 500;
/** What is dropped or not by reclaim depends on what was merged. */
const LOSSY = /MADV_FREE|droppable|MADV_COLD/;

/** Events about merging, put in between: all processes are asked for now and then. */
const between = fc.constantFrom(
  'prctl merge=1',
  'prctl merge=1',
  'prctl merge=0',
  'MADV_MERGEABLE',
  'MADV_UNMERGEABLE',
  'set,,,,ksm.run=0',
  'set,,,,ksm.run=1',
  'set,,,,ksm.run=1',
  'set,,,,ksm.run=2',
  'set,,,,ksm.use_zero_pages=1',
  'set,,,,ksm.use_zero_pages=0',
  'set,,,,ksm.smart_scan=0',
);

/** Few contents, so that pages are equal often. */
function fewContents(line: string): string {
  return line.startsWith('write') ? line.replace(/=(\d+)\+?$/, (_, n) => `=${Number(n) % 3}`) : line;
}

/** The lines with those about merging among them, for the processes there are. */
function weave(lines: readonly string[], extra: readonly (string | null)[]): string[] {
  const alive = new Set<string>();
  return lines
    .filter((line) => !LOSSY.test(line))
    .flatMap((line, i) => {
      const [op, space = '', , , arg = ''] = line.split(',');
      if (op === 'spawn') alive.add(space);
      if (op === 'fork') alive.add(arg);
      if (op === 'exit') alive.delete(space);
      return [fewContents(line), ...linesOf(extra[i % extra.length] ?? null, [...alive])];
    });
}

function linesOf(extra: string | null, alive: readonly string[]): string[] {
  if (extra === null) return [];
  if (extra.startsWith('set')) return [extra];
  if (extra.startsWith('prctl')) return alive.map((id) => `prctl,${id},,,${extra.slice(6)}`);
  return alive.map((id) => `madvise,${id},${3 * 512 * 512 - 9},${15},${extra}`);
}

/** What every process finds at each of its pages, after each event. */
async function contentsOf(lines: readonly string[], options: TestRun): Promise<number[][]> {
  const seen: number[][] = [];
  const text = lines.map((line, i) => `${i * STEP_US},${line}\n`).join('');
  await run(traceOf(text), {
    ...options,
    completed: (m) => {
      seen.push(contents(m));
      if (!m.ksm.strategy.scans) expect(equalPages(m)).toEqual([]);
    },
  });
  return seen;
}

function contents(m: Machine): number[] {
  const found: number[] = [];
  for (const space of m.spaces.values()) {
    for (const vma of space.vmas) {
      for (let vpn = vma.start; vpn < Math.min(vma.end, vma.start + 60); vpn++)
        found.push(contentAt(m, space, vpn) ?? -1);
    }
  }
  return found;
}

/** Contents that two pages of mergeable mappings have; instant merging leaves none but of pages that devices have pinned. */
function equalPages(m: Machine): number[] {
  const pageOf = new Map<number, number>();
  const twice: number[] = [];
  for (const space of m.spaces.values()) {
    for (const vma of space.vmas.filter((vma) => vma.has(VM.mergeable))) {
      eachUsedEntry(m, vma, vma.start, vma.end, (at) => {
        const entry = m.tables.get(at);
        const page = entry >>> PTE_SHIFT;
        if ((entry & PTE.present) === 0 || page === ZERO_PAGE || !isAnonPage(m, page)) return;
        if (m.pins.has(page)) return;
        const content = m.pages.contents.get(page);
        if ((pageOf.get(content) ?? page) !== page) twice.push(content);
        pageOf.set(content, page);
      });
    }
  }
  return twice;
}

/** The contents that the machine numbered itself, by order of appearance. */
function renumbered(seen: readonly number[][]): number[][] {
  const names = new Map<number, number>();
  return seen.map((contents) =>
    contents.map((content) => {
      if (content < CONTENT_LIMIT) return content;
      const known = names.get(content) ?? CONTENT_LIMIT + names.size;
      names.set(content, known);
      return known;
    }),
  );
}

const MACHINES: Readonly<Record<string, FuzzedMachine>> = {
  unlimited: { reclaim: 'linux', swap: 'none', limit: 'none', without: ['limit', 'mapCount', 'score'] },
  'a limit and a disk': {
    reclaim: 'linux',
    swap: 'ssd',
    limit: 12,
    without: ['limit', 'mapCount', 'lock', 'mapLocked', 'lockAll', 'dmaPin', 'score'],
  },
  'a limit and zram': {
    reclaim: 'linux',
    swap: 'zram',
    limit: 12,
    without: ['limit', 'mapCount', 'lock', 'mapLocked', 'lockAll', 'dmaPin', 'score'],
  },
  'fifo and a disk': {
    reclaim: 'fifo',
    swap: 'ssd',
    limit: 20,
    without: ['limit', 'mapCount', 'lock', 'mapLocked', 'lockAll', 'dmaPin', 'score'],
  },
};
const POLICIES = [
  'ksm:sleep_millisecs=0,pages_to_scan=7,max_page_sharing=3',
  'ksm-skip-lookup:sleep_millisecs=0,pages_to_scan=30',
  'ksm-age-reset:sleep_millisecs=0,pages_to_scan=30,max_page_sharing=2,use_zero_pages=1',
  'hinted:sleep_millisecs=0,pages_to_scan=10',
  'instant',
];

/** Events without the settings of ksmd, which no other merging has. */
function withoutKsmd(lines: readonly string[]): string[] {
  return lines.map((line) => (line.startsWith('set,,,,ksm') ? 'mark,,,,x' : line));
}

describe('programs find the same contents, whatever is merged, under random events', () => {
  const met: Record<string, number> = {};
  for (const [name, machine] of Object.entries(MACHINES)) {
    it.each(POLICIES)(
      `%s, ${name}`,
      async (merge) => {
        const extras = fc.array(fc.option(between), { minLength: 5, maxLength: 20 });
        await fc.assert(
          fc.asyncProperty(randomTrace(machine, 120), extras, async (lines, extra) => {
            const { reclaim, swap, limit } = machine;
            const all = weave(lines, ['prctl merge=1', ...extra]);
            const options = { reclaim, swap, limit };
            const plain = await contentsOf(withoutKsmd(all), options);
            const merged = await contentsOf(merge === 'instant' ? withoutKsmd(all) : all, {
              ...options,
              merge,
              observe: (m) => {
                for (const counter of ['cow_ksm', 'pswpout'] as const)
                  met[counter] = (met[counter] ?? 0) + m.counters[counter];
                met.sharing = (met.sharing ?? 0) + m.ksm.strategy.pagesSharing;
                met.zeros = (met.zeros ?? 0) + m.ksm.zeroPages;
              },
            });
            // One of the two may run out of memory before the other.
            const both = Math.min(plain.length, merged.length);
            expect(renumbered(merged.slice(0, both))).toEqual(renumbered(plain.slice(0, both)));
          }),
          { numRuns: propertyRuns(20), seed: 1, endOnFailure: true },
        );
      },
      60_000,
    );
  }
  it('met what it is about', () => {
    for (const name of ['cow_ksm', 'pswpout', 'sharing', 'zeros']) expect(met[name], name).toBeGreaterThan(0);
  });
});
