import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import { inputOf, lruMisses, requestReader, requestsIn } from '../../testing/readers.js';
import { type Request, requestsOf } from '../../testing/requests.js';
import { detectReader } from './detect.js';

/** What a request of a small file refers to: a page of memory, or an object. */
function keyOf({ id, volume }: Request, memory: boolean): string {
  return `${volume}:${memory ? id >> 12n : id}`;
}

describe('lines of dinero', () => {
  it('may end in a comment, where the reader is named', async () => {
    const requests = await requestsIn(requestReader('dinero'), '0 10 x y\n1 ff8\n');
    expect(requests.map(({ id }) => id)).toEqual([0x10n, 0xff8n]);
    expect(requestReader('dinero').detect(Buffer.from('0 10 512\n')).fit).toBe(0);
    expect(requestReader('dinero').detect(Buffer.from('0 10\n')).fit).toBe(1);
  });
});

describe('files in the form in which other programs write them', () => {
  it.each([
    ['blkparse.txt', 'blkparse', 10, 8, 5],
    ['fio2.log', 'fio', 30, 21, 15],
    ['fio3.log', 'fio', 30, 21, 15],
    ['pin.out', 'pinatrace', 40, 29, 18],
    ['ramulator.trace', 'ramulator', 40, 29, 18],
    ['drsimple.txt', 'drmemtrace', 40, 29, 18],
    ['penalty.trace', 'penalties', 40, 29, 18],
  ])(
    '%s is of %s: %i requests, %i misses of 4 pages, %i writes',
    async (file, name, count, misses, writes) => {
      const bytes = readFileSync(packageFile('harness', 'testing', 'cases', file));
      const { reader } = detectReader(bytes, file);
      if (reader.yields !== 'requests') throw new Error(`${name} reads events`);
      expect(reader.name).toBe(name);
      const requests: Request[] = [];
      const input = inputOf(reader, bytes);
      let { timed } = reader;
      for await (const batch of reader.read(input)) {
        requests.push(...requestsOf(batch));
        timed &&= batch.timed;
      }
      expect(timed).toBe(['blkparse', 'fio'].includes(name));
      expect(requests).toHaveLength(count);
      const keys = requests.map((request) => keyOf(request, reader.kind === 'memory'));
      expect(lruMisses(keys, 4)).toBe(misses);
      expect(requests.filter(({ write }) => write)).toHaveLength(writes);
      expect(input.account.total).toBe(bytes.toString().split('\n').length - 1);
    },
  );
});
