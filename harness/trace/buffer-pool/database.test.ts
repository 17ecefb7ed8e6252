import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockBuilder } from '../block.js';
import { TextFormatter } from '../text/formatter.js';
import { Database, STEP_EVENTS } from './database.js';

const A = 2;
const B = 3;

/** A database of two backends and one file of ten blocks; returns the events of what happens, without their times. */
function setUp(buffers: number, size = buffers) {
  const builder = new BlockBuilder();
  const database = new Database(builder, buffers, { size, more: 8 });
  const events = (act: () => void): string[] => {
    builder.take();
    act();
    const text = Buffer.from(new TextFormatter(builder.strings).block(builder.take())).toString();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(line.indexOf(',') + 1));
  };
  const start = events(() => {
    database.start(0);
    database.addRelation(0, 'table', 10);
    database.connect(0, A, 'a');
    database.connect(0, B, 'b');
  });
  return { database, events, start };
}

describe('a database with a buffer pool', () => {
  it('is one shared object that all processes map', () => {
    expect(setUp(4).start).toEqual([
      'object,,,16,shmem:pool',
      'spawn,1,,,postmaster',
      'map,1,1048576,16,shared:pool@0',
      'object,,,20,file:table',
      'spawn,2,,,a',
      'map,2,1048576,16,shared:pool@0',
      'spawn,3,,,b',
      'map,3,1048576,16,shared:pool@0',
    ]);
    expect(setUp(4).database.morePage).toBe(1048576 + 8);
  });

  it('reads a missing block from its file into a buffer, and touches the buffer of one that is there', () => {
    const { database, events } = setUp(4);
    expect(events(() => database.read(1, A, 0, 5))).toEqual(['pread,2,10,2,table', 'write,2,1048576,2,']);
    expect(events(() => database.read(1, B, 0, 5))).toEqual(['read,3,1048576,2,']);
    expect(events(() => database.write(1, B, 0, 5))).toEqual(['write,3,1048576,2,']);
    expect(events(() => database.write(1, B, 0, 6))).toEqual([
      'pread,3,12,2,table',
      'write,3,1048578,2,',
      'write,3,1048578,2,',
    ]);
    expect(database.counts).toEqual({ hits: 1, misses: 2, extends: 0, writeBacks: 0 });
  });

  it('writes a dirty victim to its file, read from where it is by now', () => {
    const { database, events } = setUp(3);
    database.write(1, A, 0, 0);
    database.read(1, A, 0, 1);
    database.read(1, A, 0, 2);
    // Block 2 is in use by A, so that 0 and 1 are left; the hand comes to 0 first.
    expect(events(() => database.read(1, B, 0, 3))).toEqual([
      'read,3,1048576,2,',
      'pwrite,3,0,2,table',
      'pread,3,6,2,table',
      'write,3,1048576,2,',
    ]);
  });

  it('extends a file by zeros, which are in a buffer then', () => {
    const { database, events } = setUp(3);
    expect(events(() => database.extend(1, A, 0, 10))).toEqual([
      'pwrite,2,20,2,table =0',
      'write,2,1048576,2,',
    ]);
    expect(events(() => database.read(1, B, 0, 10))).toEqual(['read,3,1048576,2,']);
    // A relation that was cut off, and grows again.
    expect(events(() => database.extend(1, A, 0, 10))).toEqual(['write,2,1048576,2,']);
  });

  it('shrinks by writing back what is dirty there and one discard, and grows without an event', () => {
    const { database, events } = setUp(4);
    for (let block = 0; block < 4; block++) database.read(1, A, 0, block);
    database.write(1, B, 0, 0);
    database.write(1, B, 0, 3);
    expect(events(() => [...database.resize(2, 2)])).toEqual([
      'read,1,1048582,2,',
      'pwrite,1,6,2,table',
      'discard,1,1048580,4,',
    ]);
    expect(database.size).toBe(2);
    expect(events(() => [...database.resize(3, 4)])).toEqual([]);
    expect(events(() => database.read(4, A, 0, 3))).toEqual(['pread,2,6,2,table', 'write,2,1048580,2,']);
  });

  it('may begin smaller than it gets', () => {
    const { database, events } = setUp(4, 1);
    expect(database.size).toBe(1);
    database.read(1, A, 0, 1);
    expect(() => database.read(1, B, 0, 2)).toThrow('all 1 buffers are pinned');
    expect(events(() => [...database.resize(3, 4)])).toEqual([]);
  });

  it('lets go of the buffer of a backend that ends', () => {
    const { database, events } = setUp(1);
    database.read(1, A, 0, 1);
    expect(events(() => database.disconnect(1, A))).toEqual(['exit,2,,,']);
    expect(() => database.read(1, B, 0, 2)).not.toThrow();
  });

  it('writes each block once for each time it became dirty, and keeps steps short', () => {
    const step = fc.record({
      kind: fc.constantFrom('read', 'write', 'extend', 'shrink', 'grow'),
      space: fc.constantFrom(A, B),
      block: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { database, events } = setUp(6);
        const dirty = new Set<string>();
        const files = new Map([[0, 10]]);
        for (const { kind, space, block } of steps) {
          const written = events(() => {
            if (kind === 'read') database.read(1, space, 0, block);
            else if (kind === 'write') database.write(1, space, 0, block);
            else if (kind === 'extend') {
              const end = files.get(0)!;
              files.set(0, end + 1);
              database.extend(1, space, 0, end);
            } else for (const _ of database.resize(1, kind === 'grow' ? 6 : 3));
          });
          const added = kind === 'extend' ? 1 : 0;
          if (kind !== 'shrink') expect(written.length).toBeLessThanOrEqual(STEP_EVENTS);
          for (const event of written.filter((line) => /^pwrite.*table$/.test(line))) {
            const page = event.split(',')[2]!;
            expect(dirty.delete(page), `${event} of a block that is clean`).toBe(true);
          }
          expect(written.filter((line) => line.endsWith(' =0'))).toHaveLength(added);
          if (kind === 'write') dirty.add(String(block * 2));
        }
        // What is still dirty is in a buffer: emptying the pool writes it.
        const last = events(() => [...database.resize(1, 0)]);
        const left = last.filter((line) => line.startsWith('pwrite')).map((line) => line.split(',')[2]);
        expect(left.sort()).toEqual([...dirty].sort());
      }),
      { numRuns: 40 },
    );
  });
});
