import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventLines, timed } from '../../testing/traces.js';
import { SampledTrace } from './sample.js';

const RATE = 4;

async function sampled(events: readonly string[], rate = RATE): Promise<string[]> {
  const lines = await eventLines(new SampledTrace(timed(events), rate));
  return lines.map((line) => line.slice(line.indexOf(',') + 1));
}

const isTouch = (line: string) => /^p?(read|write),/.test(line);

/** The pages of a space or object that touches are of, one by one. */
function pagesOf(lines: readonly string[]): string[] {
  return lines.filter(isTouch).flatMap((line) => {
    const [op, space, page, count, arg = ''] = line.split(',');
    const step = Number(count) < 0 ? -1 : 1;
    return Array.from(
      { length: Math.abs(Number(count)) },
      (_, i) => `${op!.startsWith('p') ? arg : space} ${Number(page) + i * step}`,
    );
  });
}

const touch = fc
  .tuple(
    fc.constantFrom('read', 'write'),
    fc.integer({ min: 20, max: 200 }),
    fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: -20, max: -1 })),
  )
  .map(([op, page, count]) => `${op},1,${page},${count},`);

describe('a sample of the pages of a trace', () => {
  it('has all accesses to a page or none, in their order, and all other events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(touch, { minLength: 1, maxLength: 40 }), async (touches) => {
        const others = ['spawn,1,,,', 'map,1,0,256,anon', 'discard,1,0,100,', 'mark,,,,end'];
        const events = [others[0]!, others[1]!, ...touches, others[2]!, ...touches, others[3]!];
        const lines = await sampled(events);
        expect(lines.filter((line) => !isTouch(line))).toEqual(others);
        const kept = new Set(pagesOf(lines));
        expect(pagesOf(lines)).toEqual(pagesOf(events).filter((page) => kept.has(page)));
      }),
      { numRuns: 30 },
    );
  });

  it('has about one in N pages', async () => {
    const lines = await sampled(['spawn,1,,,', 'map,1,0,100000,anon', 'write,1,0,100000,'], 16);
    const pages = pagesOf(lines).length;
    expect(pages).toBeGreaterThan(5900);
    expect(pages).toBeLessThan(6600);
  });

  it('knows a page of an object in all spaces, mappings and file reads', async () => {
    const lines = await sampled([
      'object,,,64,shmem:a',
      'spawn,1,,,',
      'spawn,2,,,',
      'map,1,1000,64,shared:a@0',
      'map,2,5003,32,shared:a@16',
      'read,1,1000,64,',
      'read,2,5003,32,',
      'pread,,0,64,a',
    ]);
    const pages = pagesOf(lines);
    const of = (start: string, first: number) =>
      pages.filter((page) => page.startsWith(start)).map((page) => Number(page.split(' ')[1]) - first);
    expect(of('1 ', 1000)).toEqual(of('a ', 0));
    expect(of('2 ', 5003 - 16)).toEqual(of('a ', 0).filter((page) => page >= 16 && page < 48));
    expect(of('1 ', 1000).length).toBeGreaterThan(4);
  });

  it('knows anonymous pages that are moved, grow, and are inherited', async () => {
    const lines = await sampled([
      'spawn,1,,,',
      'map,1,0,64,anon',
      'write,1,0,64,',
      'remap,1,0,64,to=1000',
      'remap,1,1000,64,grow=16',
      'fork,1,,,2',
      'read,1,1000,64,',
      'read,2,1000,64,',
      'remap,1,1010,20,to=3000',
      'read,1,3000,20,',
      'map,1,1000,64,anon',
      'read,1,1000,64,',
    ]);
    const touches = lines.filter(isTouch);
    const at = (space: string, first: number, from: readonly string[]) =>
      pagesOf(from)
        .map((page) => page.split(' '))
        .filter(([own, page]) => own === space && Number(page) >= first && Number(page) < first + 64)
        .map(([, page]) => Number(page) - first);
    const written = at('1', 0, touches);
    expect(written.length).toBeGreaterThan(4);
    expect(at('2', 1000, touches)).toEqual(written);
    expect(at('1', 3000, touches)).toEqual(
      written.filter((page) => page >= 10 && page < 30).map((page) => page - 10),
    );
    // A new mapping in their old place has pages of its own.
    const beforeNew = lines.indexOf('map,1,1000,64,anon');
    expect(at('1', 1000, lines.slice(beforeNew))).not.toEqual(written);
  });

  it('keeps contents of runs, says its rate, and refuses what is about whole ranges', async () => {
    const lines = await sampled(['spawn,1,,,', 'map,1,0,64,anon', 'write,1,0,64,=100+']);
    for (const line of lines.filter(isTouch)) {
      const [, , page, , arg] = line.split(',');
      expect(arg).toBe(`=${100 + Number(page)}+`);
    }
    const source = new SampledTrace(timed(['spawn,1,,,', 'map,1,0,8,anon', 'unpin,1,0,8,']), 8);
    expect(source.meta.get('sample')).toBe('1/8');
    await expect(eventLines(source)).rejects.toThrow('unpin is about whole ranges');
  });
});
