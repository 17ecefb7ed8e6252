import { describe, expect, it } from 'vitest';
import { StreamedTrace } from './streamed.js';
import { TEXT_HEADER } from './text/fields.js';

/** The bytes of a text, cut into chunks. */
async function* chunksOf(text: string, bytes: number): AsyncGenerator<Uint8Array> {
  const all = new TextEncoder().encode(text);
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes);
}

async function pagesOf(trace: StreamedTrace): Promise<number[]> {
  const pages: number[] = [];
  for await (const block of trace.blocks()) pages.push(...block.page.subarray(0, block.length));
  return pages;
}

const EVENTS = Array.from({ length: 1000 }, (_, i) => `${i},read,1,${i % 7},1,\n`).join('');
const TEXT = `# sample: 1/8\n${TEXT_HEADER}\n${EVENTS}`;

describe('a trace that is read once', () => {
  it('has its metadata before its events, and all events, however its bytes come', async () => {
    for (const bytes of [1, 7, 1000, TEXT.length]) {
      const trace = await StreamedTrace.open(chunksOf(TEXT, bytes), 'a trace');
      expect(trace.meta.sample).toBe(8);
      expect(await pagesOf(trace)).toEqual(Array.from({ length: 1000 }, (_, i) => i % 7));
    }
  });

  it('may have no events', async () => {
    const trace = await StreamedTrace.open(chunksOf(`# sample: 1/8\n${TEXT_HEADER}\n`, 5), 'a trace');
    expect(trace.meta.sample).toBe(8);
    expect(await pagesOf(trace)).toEqual([]);
  });

  it('is refused with the place of what is wrong', async () => {
    const noHeader = StreamedTrace.open(chunksOf('# sample: 1/8\n', 5), 'a trace');
    await expect(noHeader).rejects.toThrow('a trace: no events, expected the header line');
    const backwards = StreamedTrace.open(chunksOf(`${TEXT}5,read,1,1,1,\n`, 100), 'a trace');
    await expect(backwards).rejects.toThrow('a trace:1003:1: time runs backwards from 999 to 5');
  });
});
