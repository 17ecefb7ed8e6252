import { describe, expect, it } from 'vitest';
import { loadCosts } from '../cost/table.js';
import { timed } from '../testing/traces.js';
import { firstReplay } from './plan.js';

const found = async (events: readonly string[]) =>
  (await firstReplay(timed(['spawn,1,,,', ...events]), loadCosts(undefined))).givesBack;

describe('the memory that a trace gives back', () => {
  it('is that of its drops and unpins, by whether other mappings can share it', async () => {
    const events = [
      'object,,,8,shmem:o',
      'map,1,0,8,shared:o@0',
      'map,1,8,8,anon',
      'write,1,0,16,',
      // Three shared pages and one private one.
      'discard,1,5,4,MADV_REMOVE',
      'unpin,1,10,2,regen_ns=1',
    ];
    expect(await found(events)).toEqual({ privatePages: 3, sharedPages: 3 });
  });

  it('is nothing where a trace has advice verbatim only', async () => {
    const events = ['map,1,0,8,anon', 'write,1,0,8,', 'madvise,1,0,8,MADV_DONTNEED'];
    expect(await found(events)).toEqual({ privatePages: 0, sharedPages: 0 });
  });
});
