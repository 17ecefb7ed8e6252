import { expect, it } from 'vitest';
import { parseCensus, residentPages, sumOfSpaces } from './census.js';

const TEXT = `space 1 30 2 4 1 38 3 41 0
object 7 5
space 2 28 0 3 0 11 0 10 512
object 9 0
anon 33
`;

it('reads what the executor says of memory', () => {
  const census = parseCensus(TEXT);
  expect(census.spaces.get(1)).toEqual({
    rss: 30,
    swap: 2,
    vmas: 4,
    lazyfree: 1,
    huge: 0,
    minor: 38,
    major: 3,
    touches: 41,
  });
  expect([...census.objects]).toEqual([
    [7, 5],
    [9, 0],
  ]);
  expect([residentPages(census), sumOfSpaces(census, 'rss'), sumOfSpaces(census, 'huge')]).toEqual([
    38, 58, 512,
  ]);
});
