import { expect, it } from 'vitest';
import { run } from '../testing/machine.js';
import { traceOf } from '../testing/traces.js';
import { MOST_PAGES } from './memory/pages.js';

const TIB = 2 ** 28;
const trace = (pages: number, op: string) =>
  traceOf(`0,spawn,1,,,\n0,map,1,0,${pages},anon\n1,${op},1,0,${pages},\n`);

it('memory of 1 TiB is refused before a replay', async () => {
  await expect(run(trace(8, 'write'), { memory: TIB })).rejects.toThrow(
    `memory of ${TIB} pages is more than the simulated machine can name: expected at most ${MOST_PAGES} pages`,
  );
});

it('a write to 1 TiB is refused at its line, before any page of it', async () => {
  await expect(run(trace(TIB, 'write'), {})).rejects.toThrow(/:4: this event writes more pages/);
  await expect(run(trace(TIB, 'write'), { limit: 100, swap: 'ssd' })).rejects.toThrow(
    'expected at most 268435455 with contents at once',
  );
});
