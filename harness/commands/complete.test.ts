import { describe, expect, it } from 'vitest';
import { completionsOf } from './complete.js';

const at = (line: string) => completionsOf(line.split(' '));

describe('completion of values', () => {
  it('knows what flags take, also behind =', () => {
    expect(at('reclaim replay x --discard ')).toContain('remove');
    expect(at('reclaim replay x --discard = rem')).toContain('remove');
    expect(at('reclaim replay x --discard =')).toContain('remove');
    expect(at('reclaim replay x --reclaim ')).toContain('s3fifo');
    expect(at('reclaim report x --figure ')).toContain('saving-stall');
    expect(at('reclaim trace import x y --reader ')).toContain('lackey');
    expect(at('reclaim gate a b --tolerance ')).toEqual(expect.arrayContaining(['stall_ns', 'memory']));
  });

  it('goes on behind the names of a list, without those that are there', () => {
    const names = at('reclaim mrc x --policy lru,s');
    expect(names).toContain('lru,sieve');
    expect(names).not.toContain('lru,lru');
  });

  it('knows traces, generators, policies and metrics by their place', () => {
    for (const command of ['replay', 'compare', 'mrc', 'trace info'])
      expect(at(`reclaim ${command} mar`)).toContain('mariadb-resize');
    expect(at('reclaim trace generate ')).toContain('zipf');
    expect(at('reclaim policies ')).toContain('ksm');
    expect(at('reclaim metrics ')).toContain('stall_ns');
  });

  it('leaves the rest to yargs', () => {
    for (const line of [
      'reclaim ',
      'reclaim re',
      'reclaim replay --d',
      'reclaim replay x --out ',
      'reclaim gate ',
    ])
      expect(at(line)).toBeUndefined();
  });
});
