import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../base/errors.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { makeCell, type SweepCell } from './cells.js';
import type { SweepAnswer, SweepJob, SweepSetup } from './sweep-threads.js';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
const setup = workerData as SweepSetup;

async function makeCells(): Promise<SweepCell[]> {
  const cells: SweepCell[] = [];
  for (const { policy, sizes } of setup.units)
    cells.push(await makeCell({ policy: reclaimPolicies.choose(policy), sizes }, setup, setup.distinct));
  return cells;
}

function answerOf(cells: readonly SweepCell[], job: SweepJob): SweepAnswer {
  if ('ended' in job) return { counts: cells.map((cell) => cell.counts()) };
  const { slot, length, distinct } = job;
  const next = setup.next && setup.next[slot]!.subarray(0, length);
  for (const cell of cells) cell.run(setup.ids[slot]!, length, distinct, next);
  return { done: true };
}

/** What the user can do something about is said in a message: an error of a thread loses its class. */
function refusalOf(error: unknown): SweepAnswer {
  if (error instanceof InputError) return { refused: error.message };
  throw error;
}

async function run(): Promise<void> {
  const cells = await makeCells();
  port!.on('message', (job: SweepJob) => {
    try {
      port!.postMessage(answerOf(cells, job));
    } catch (error) {
      port!.postMessage(refusalOf(error));
    }
  });
}

run().catch((error: unknown) => port.postMessage(refusalOf(error)));
