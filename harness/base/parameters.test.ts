import { describe, expect, it } from 'vitest';
import { formatPolicy, itemsOf, type Parameters, parseParameters } from './parameters.js';
import { parsePairs } from './parse.js';

const PARAMETERS: Parameters = {
  names: {
    kind: 'list',
    default: '',
    item: /^[a-z]+$/,
    example: 'base+web',
    required: true,
    meaning: 'their names',
  },
  memory: { kind: 'size', default: 16, max: 1024, meaning: 'of each, in pages' },
};

const parse = (given: Readonly<Record<string, string>>) => parseParameters('reader x', PARAMETERS, given);

describe('parameters that are lists', () => {
  it('are items joined by +, and go back to the text they were given as', () => {
    const values = parse({ names: 'base+web' });
    expect(values).toEqual({ names: 'base+web', memory: 16 });
    expect(itemsOf(values.names)).toEqual(['base', 'web']);
    expect([itemsOf(''), itemsOf(undefined)]).toEqual([[], []]);
    expect(formatPolicy('x', PARAMETERS, values)).toBe('x:names=base+web');
  });

  it('are refused with the item that is wrong, or when a required one is missing', () => {
    expect(() => parse({ names: 'base+9' })).toThrow(
      '"9" in names=base+9 is wrong, expected a list as in names=base+web',
    );
    expect(() => parse({})).toThrow('reader x needs the parameter names, as in names=base+web');
  });
});

it('a size may have a largest value', () => {
  expect(parse({ names: 'a', memory: '4MiB' }).memory).toBe(1024);
  expect(() => parse({ names: 'a', memory: '1025' })).toThrow(
    'memory=1025 is out of range, expected at most 1024 pages',
  );
});

it('a size is more than 0 unless its owner takes 0', () => {
  expect(() => parse({ names: 'a', memory: '0' })).toThrow('size "0" is 0');
  const keep: Parameters = { keep: { kind: 'size', default: 16, min: 0, meaning: 'pages that are kept' } };
  expect(parseParameters('x', keep, { keep: '0' })).toEqual({ keep: 0 });
  expect(parseParameters('x', keep, { keep: '0MiB' })).toEqual({ keep: 0 });
});

describe('names that every object has', () => {
  it('are no parameters, and may be given once as any other', () => {
    expect(() => parse({ names: 'a', constructor: '1' })).toThrow(
      'unknown parameter of reader x "constructor", expected one of names, memory',
    );
    expect(parsePairs(['toString=1'], '--param')).toEqual({ toString: '1' });
    expect(() => parsePairs(['toString=1', 'toString=2'], '--param')).toThrow('is given twice in --param');
  });
});
