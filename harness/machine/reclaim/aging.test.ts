import { describe, expect, it } from 'vitest';
import type { UsedPages } from '../../policy/reclaim/contract.js';
import { runAndLook } from '../../testing/look.js';
import { PTE } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { PageTableAging } from './aging.js';

/** Listens to what is found used, by page numbers of space 1; pages of `off` are on no list. */
class Listener implements UsedPages {
  heard: number[] = [];
  private readonly vpns = new Map<number, number>();

  constructor(
    m: State,
    private readonly off: readonly number[] = [],
  ) {
    const { directory } = m.space(1)!;
    for (const { from, to, at } of directory.leavesIn(0, 2 ** 20))
      for (let vpn = from; vpn < to; vpn++) this.vpns.set(m.tables.get(at + vpn - from) >>> 4, vpn);
  }

  wasUsed(id: number): boolean {
    const vpn = this.vpns.get(id)!;
    if (this.off.includes(vpn)) return false;
    this.heard.push(vpn);
    return true;
  }

  /** What was heard since it was last asked. */
  take(): number[] {
    const { heard } = this;
    this.heard = [];
    return heard;
  }
}

function entryAt(m: State, vpn: number): number {
  return m.tables.find(m.space(1)!.directory, vpn);
}

function pageAt(m: State, vpn: number): number {
  return m.tables.get(entryAt(m, vpn)) >>> 4;
}

function use(m: State, ...vpns: number[]): void {
  for (const vpn of vpns) m.tables.change(entryAt(m, vpn), m.tables.get(entryAt(m, vpn)) | PTE.young);
}

function isYoung(m: State, vpn: number): boolean {
  return (m.tables.get(entryAt(m, vpn)) & PTE.young) !== 0;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Runs events without a limit, and looks at the machine after the last with an aging of its own. */
async function aged<T>(events: readonly string[], look: (m: State, aging: PageTableAging) => T): Promise<T> {
  const { seen } = await runAndLook(events, {}, (m) =>
    look(m, new PageTableAging(m, { staysWritten: () => false })),
  );
  return seen;
}

const TABLE = 512;
const MAPPED = ['spawn,1,,,', 'map,1,0,2048,anon', 'write,1,0,2048,'];

describe('looking around a page that was used', () => {
  it('finds the 64 entries around it in its table, clears their bits, and tells of each once', async () => {
    const heard = await aged(MAPPED, (m, aging) => {
      const listener = new Listener(m);
      const around = (vpn: number) => {
        aging.referencedAround(pageAt(m, vpn), 4, listener);
        return listener.take();
      };
      return [around(200), around(230), around(TABLE), around(1023), around(200)];
    });
    const without = (from: number, to: number, vpn: number) => range(from, to).filter((each) => each !== vpn);
    expect(heard).toEqual([
      without(168, 232, 200),
      // 230 itself was not used any more.
      [],
      without(TABLE, TABLE + 64, TABLE),
      without(960, 1024, 1023),
      [],
    ]);
  });

  it('leaves the bits of pages that are on no list, and ends at the VMA', async () => {
    const events = ['spawn,1,,,', 'map,1,0,10,anon', 'map,1,20,10,anon', 'write,1,0,10,', 'write,1,20,10,'];
    const seen = await aged(events, (m, aging) => {
      const listener = new Listener(m, [3]);
      const used = aging.referencedAround(pageAt(m, 5), 4, listener);
      return [used, listener.take(), isYoung(m, 3), isYoung(m, 4), isYoung(m, 20)];
    });
    expect(seen).toEqual([1, [0, 1, 2, 4, 6, 7, 8, 9], true, false, true]);
  });
});

describe('the walk of aging', () => {
  it('looks at all tables of a new space, and then at those with one used entry in eight', async () => {
    const heard = await aged(MAPPED, (m, aging) => {
      const listener = new Listener(m);
      const walk = (seq: number, ...used: number[]) => {
        use(m, ...used);
        aging.walk(seq, true, listener);
        return listener.take().length;
      };
      const eighth = range(0, 64).map((i) => i * 8);
      return [
        walk(3),
        walk(4, ...eighth, ...range(TABLE, TABLE + 63)),
        // The second table had 63 used entries of 512, and is passed over; its bits stay.
        walk(5, ...eighth, TABLE),
        walk(6, 1),
        // Walk 6 found one in the first.
        walk(7, 1),
      ];
    });
    expect(heard).toEqual([2048, 64 + 63, 64, 1, 0]);
  });

  it('goes to a table that eviction has found used', async () => {
    const heard = await aged(MAPPED, (m, aging) => {
      const listener = new Listener(m);
      for (const seq of [3, 4, 5]) aging.walk(seq, true, listener);
      listener.take();
      use(m, ...range(600, 608), 1000);
      aging.referencedAround(pageAt(m, 600), 6, listener);
      const near = listener.take();
      aging.walk(6, true, listener);
      return [near, listener.take()];
    });
    expect(heard).toEqual([range(601, 608), [1000]]);
  });

  it('passes over memory that cannot age', async () => {
    const events = [
      'spawn,1,,,',
      'object,,,10,file:f',
      'map,1,0,10,anon',
      'map,1,1024,10,shared:f@0 ro',
      'map,1,2048,10,anon',
      'map,1,4096,10,shared:f@0 ro random',
      'write,1,0,10,',
      'read,1,1024,10,',
      'write,1,2048,10,',
      'read,1,4096,10,',
      'lock,1,2048,10,',
    ];
    const heard = await aged(events, (m, aging) => {
      const listener = new Listener(m);
      aging.walk(3, false, listener);
      const file = listener.take().length;
      aging.walk(4, true, listener);
      return [file, listener.take()];
    });
    // The table of anonymous memory was not looked at in the first walk, in which all are; after that it is not known to be used.
    expect(heard).toEqual([10, []]);
  });
});
