import { expect, it } from 'vitest';
import { changedAnswers } from './costs-line.js';

it('says for which traces the answer is another one, or that it is the same', () => {
  const own = new Map([
    ['a|anon', 'free'],
    ['b|anon', 'dontneed'],
  ]);
  expect(changedAnswers(own, own)).toBe('Costs: under the default cost table the answer is the same.');
  const standard = new Map([
    ['a|anon', 'dontneed'],
    ['c|shmem', 'punch'],
    ['b|anon', 'dontneed'],
  ]);
  expect(changedAnswers(own, standard)).toBe(
    'Costs: under the default cost table the answer differs for 2 of 3: a free (default: dontneed); c nothing (default: punch).',
  );
});
