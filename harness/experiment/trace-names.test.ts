import { describe, expect, it } from 'vitest';
import { findTrace } from './trace-names.js';

describe('the name of a trace', () => {
  it('is that of its file without endings, with what cannot be printed escaped', () => {
    expect(findTrace('a/=L @all \u202e</b>\u001b.csv.br').label).toBe('b>\\x1b');
    expect(findTrace('\u202e=x|@all `$%_#.rtrace', 'folder').label).toBe('\\u202e=x|@all `$%_#');
  });

  it('has at most 100 characters', () => {
    expect(findTrace(`${'x'.repeat(100)}.csv`).label).toHaveLength(100);
    expect(() => findTrace(`${'x'.repeat(101)}.csv`)).toThrow(
      /x\.csv: the name of this trace has 101 characters, .* expected at most 100$/,
    );
    const refusal = () => findTrace(`${'x'.repeat(5000)}.csv`);
    expect(refusal).toThrow(/^x+ … x+\.csv: the name of this trace has 5000 characters/);
  });
});
