import { parentPort, workerData } from 'node:worker_threads';
import { MemoryReference } from '../mrc/reference.js';
import type { BenchString } from './strings.js';
import { type PolicyTime, timePolicy } from './time-policy.js';

/** What a worker is given at its start. */
export interface SharedProcessSetup {
  /** Ids of the reference string, in shared memory. */
  readonly ids: Int32Array;
  readonly distinct: number;
  readonly capacity: number;
  /** Policies that run once before anything is asked, in this order. */
  readonly before: readonly string[];
}

const { ids, distinct, capacity, before } = workerData as SharedProcessSetup;
const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');

const string: BenchString = {
  name: 'shared',
  reference: new MemoryReference('shared', ids, distinct),
  capacity,
};

async function run(): Promise<void> {
  for (const policy of before) await timePolicy(policy, string);
  // A policy's name comes in, the time of one replay goes out.
  port!.on('message', async (policy: string) => {
    const time: PolicyTime = await timePolicy(policy, string);
    port!.postMessage(time);
  });
}

void run();
