import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryFolder } from '../testing/folder.js';
import { Pool } from './pool.js';

/** Answers each job with the thread that it ran in. */
const WORKER = `
import { parentPort, threadId } from 'node:worker_threads';
parentPort.on('message', () => parentPort.postMessage(threadId));
`;

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(memoryFolder(), 'reclaim-pool-'));
  file = join(folder, 'worker.mjs');
  writeFileSync(file, WORKER);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a job that leads to one more for each worker that is free then. */
async function spread(size: number, most?: number) {
  const pool = new Pool<string, number>(size, {}, file);
  const ran: { job: string; thread: number }[] = [];
  const idles: number[] = [];
  const answered = (job: string, thread: number, idle: number) => {
    ran.push({ job, thread });
    if (job !== 'first') return undefined;
    idles.push(idle);
    return Array.from({ length: 1 + idle }, (_, i) => `part ${i}`);
  };
  await pool.run(['first'], { answered, died: () => undefined }, most);
  await pool.close();
  return { idles, ran };
}

it('tells how many workers are free, and they take the jobs that follow from one', async () => {
  const { idles, ran } = await spread(3);
  expect(idles).toEqual([2]);
  expect(ran.map(({ job }) => job).sort()).toEqual(['first', 'part 0', 'part 1', 'part 2']);
  expect(new Set(ran.slice(1).map(({ thread }) => thread)).size).toBe(3);
});

it('has no free workers beyond the most that may run', async () => {
  expect((await spread(3, 1)).idles).toEqual([0]);
});

it('does in this thread what suits it; a worker does what turns out not to, and a job that fails is lost alone', async () => {
  const here = {
    suits: (jobs: readonly string[]) => jobs.length === 3,
    answer: async (job: string) => {
      if (job === 'bad') throw new Error('boom');
      return job === 'short' ? 0 : undefined;
    },
  };
  const pool = new Pool<string, number>(2, {}, file, here);
  const ran: [string, number | string][] = [];
  const events = {
    answered: (job: string, thread: number) => void ran.push([job, thread === 0 ? 'here' : 'worker']),
    died: (job: string, reason: string) => void ran.push([job, reason]),
  };
  await pool.run(['short', 'bad', 'long'], events);
  expect(ran.splice(0)).toEqual([
    ['short', 'here'],
    ['bad', 'boom'],
    ['long', 'worker'],
  ]);
  // Where there is a worker it does all.
  await pool.run(['short', 'short', 'short'], events);
  await pool.close();
  expect(ran).toEqual(Array.from({ length: 3 }, () => ['short', 'worker']));
});
