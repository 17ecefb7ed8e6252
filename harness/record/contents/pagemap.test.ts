import { expect, it } from 'vitest';
import { hashOf } from './look.js';
import { privateMappings, runsOf } from './pagemap.js';

it('looks at private memory of no file that may be read', () => {
  const maps = [
    '00400000-00402000 rw-p 00000000 00:00 0                                  [heap]',
    '00500000-00501000 r--p 00000000 08:01 77                                 /opt/app',
    '00600000-00601000 ---p 00000000 00:00 0 ',
    '00700000-00701000 rw-s 00000000 00:01 12                                 /dev/zero (deleted)',
    '7fff00000000-7fff00001000 rwxp 00000000 00:00 0 ',
    '7fff00002000-7fff00003000 r-xp 00000000 00:00 0                          [vdso]',
    '',
  ].join('\n');
  expect(privateMappings(maps)).toEqual([
    { start: 0x400, end: 0x402 },
    { start: 0x7fff00000, end: 0x7fff00001 },
  ]);
});

it('finds runs of pages that are in memory, and of this process alone', () => {
  const [present, exclusive, dirty, swapped] = [1n << 63n, 1n << 56n, 1n << 55n, 1n << 62n];
  const own = present | exclusive;
  const words = [own | 5n, own, own | dirty, present, swapped | exclusive, 0n, own | dirty, own | dirty];
  const entries = Buffer.alloc(words.length * 8);
  for (const [i, word] of words.entries()) entries.writeBigUInt64LE(word, i * 8);
  expect(runsOf(entries, 100)).toEqual([
    { page: 100, count: 2, dirty: false },
    { page: 102, count: 1, dirty: true },
    { page: 106, count: 2, dirty: true },
  ]);
});

it('hashes zeros as 0, and nothing else', () => {
  const page = Buffer.alloc(4096);
  expect(hashOf(page)).toBe('0');
  page[4095] = 1;
  expect(hashOf(page)).toMatch(/^[0-9a-f]{16}$/);
  expect(hashOf(Buffer.from(page))).toBe(hashOf(page));
});
