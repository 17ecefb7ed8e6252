import { afterEach, expect, it, vi } from 'vitest';
import { HostError } from '../base/errors.js';
import { checkRoom } from '../base/host-memory.js';
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

/** Leaves this process some bytes, as a control group does. What it has stays the same: garbage of other tests may go at any time. */
function leave(bytes: number): void {
  const rss = process.memoryUsage.rss();
  vi.spyOn(process.memoryUsage, 'rss').mockReturnValue(rss);
  vi.spyOn(process, 'constrainedMemory').mockReturnValue(rss + bytes);
}
afterEach(() => void vi.restoreAllMocks());

it('pages and frames that the host has no room for are refused before their arrays are made', async () => {
  // Less than the last step takes, by which its arrays grow.
  leave(4 * 2 ** 20);
  await expect(run(trace(2 ** 21, 'write'), {})).rejects.toThrow(
    /^\d+ pages with contents need about \d+ MiB more memory, and this host has \d+ MiB left: expected a host with more, or a sample of the pages/,
  );
  await expect(run(trace(8, 'write'), { memory: 2 ** 26 })).rejects.toThrow(HostError);
  leave(2 ** 30);
  await expect(run(trace(8, 'write'), { memory: 2 ** 20 })).resolves.toBeDefined();
});

it('a control group without a limit does not count', () => {
  vi.spyOn(process, 'constrainedMemory').mockReturnValue(2 ** 62);
  expect(() => checkRoom('little', 2 ** 10)).not.toThrow();
  expect(() => checkRoom('too much', 2 ** 60)).toThrow(HostError);
});
