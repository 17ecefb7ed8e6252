import { describe, expect, it } from 'vitest';
import { traceOf } from '../testing/traces.js';
import { heatmap } from './heatmap.js';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('the heat map of a trace', () => {
  it('has touches by time and address, without the gaps between addresses', async () => {
    // From 1 to 1281 µs in columns of 11.
    const cells = await heatmap(
      traceOf(
        [
          '1,spawn,1,,,',
          '1,map,1,0,2048000,anon',
          '1,write,1,0,20,',
          '1,read,1,1024007,-4,',
          '1281,read,1,512000,3,',
          '1281,discard,1,0,512,',
          '',
        ].join('\n'),
      ),
    );
    // Chunks 0, 1000 and 2000 stand one after the other: 1536 pages in rows of 24.
    expect(cells).toEqual([
      { timeUs: 1, timeEndUs: 12, page: 0, pageEnd: 24, touches: 20 },
      // Four pages down from 1024007, which is page 7 of its chunk: 4 to 7.
      { timeUs: 1, timeEndUs: 12, page: 1008, pageEnd: 1032, touches: 4 },
      { timeUs: 1277, timeEndUs: 1288, page: 504, pageEnd: 528, touches: 3 },
    ]);
  });

  it('splits a touch of many pages over rows, and loses none', async () => {
    const cells = await heatmap(traceOf('0,spawn,1,,,\n0,map,1,100,5000,anon\n7,write,1,100,5000,\n'));
    expect(sum(cells.map(({ touches }) => touches))).toBe(5000);
    expect(cells.length).toBeGreaterThan(50);
    expect(new Set(cells.map(({ timeUs }) => timeUs)).size).toBe(1);
  });

  it('distinguishes spaces, in their order', async () => {
    const cells = await heatmap(
      traceOf(
        '0,spawn,2,,,\n0,spawn,1,,,\n0,map,2,0,9,anon\n0,map,1,0,9,anon\n0,read,2,0,2,\n0,read,1,0,9,\n',
      ),
    );
    expect(cells.map(({ page, touches }) => [page, touches])).toEqual([
      [0, 9],
      [512, 2],
    ]);
  });

  it('takes chunks of more pages where there are too many of them', async () => {
    // A page in each of 70 000 chunks: twice as large, 35 000 chunks are left.
    const events = Array.from({ length: 70_000 }, (_, i) => `0,read,1,${i * 512},1,`);
    const cells = await heatmap(traceOf(`0,spawn,1,,,\n0,map,1,0,40000000,anon\n${events.join('\n')}\n`));
    expect(sum(cells.map(({ touches }) => touches))).toBe(70_000);
    expect(cells.at(-1)?.pageEnd).toBe(Math.ceil((35_000 * 1024) / 64) * 64);
  });

  it('is empty where nothing is touched', async () => {
    expect(await heatmap(traceOf('0,spawn,1,,,\n'))).toEqual([]);
  });
});
