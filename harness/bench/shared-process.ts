import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { entryFile } from '../base/package-root.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { BenchCase, Suite } from './case.js';
import type { BenchInputs } from './inputs.js';
import type { SharedProcessSetup } from './shared-process-worker.js';
import type { PolicyTime } from './time-policy.js';

/** Built, also when the tests run from source: worker threads start from built files. */
const WORKER_FILE = entryFile('bench', 'shared-process-worker');

/** A worker thread with compiled code of its own, where `before` have run. */
function startWorker(inputs: BenchInputs, before: readonly string[]): Worker {
  const { reference, capacity } = inputs.string('zipf');
  const { ids, distinct } = reference;
  const workerData: SharedProcessSetup = { ids, distinct, capacity, before };
  return new Worker(WORKER_FILE, { workerData });
}

/** One replay in a worker; its death is thrown. */
async function askWorker(worker: Worker, policy: string): Promise<PolicyTime> {
  const answered = once(worker, 'message');
  worker.postMessage(policy);
  const [time] = await answered;
  return time as PolicyTime;
}

/** The thread where all policies have run: one for all cases, stopped at the end of the bench. */
class SharedProcess {
  private worker: Worker | undefined;

  constructor(
    private readonly inputs: BenchInputs,
    private readonly policies: readonly string[],
  ) {}

  start(): void {
    if (this.worker) return;
    const worker = startWorker(this.inputs, this.policies);
    this.worker = worker;
    this.inputs.atEnd(async () => void (await worker.terminate()));
  }

  ask(policy: string): Promise<PolicyTime> {
    return askWorker(this.worker!, policy);
  }
}

function sharedProcessCase(inputs: BenchInputs, policy: string, shared: SharedProcess): BenchCase {
  let alone: Worker;
  return {
    name: `shared-process/${policy}`,
    events: inputs.requests,
    async prepare() {
      shared.start();
      alone = startWorker(inputs, []);
    },
    run: () => shared.ask(policy),
    against: () => askWorker(alone, policy),
    async close() {
      await alone.terminate();
    },
  };
}

/**
 * Each policy where all policies have run, against alone. Compiled code is shaped by what it has seen: a call that has
 * met several policies can be slow for each of them.
 */
export function sharedProcessSuite(inputs: BenchInputs): Suite {
  const policies = reclaimPolicies.all().map(({ name }) => name);
  const shared = new SharedProcess(inputs, policies);
  return {
    name: 'shared-process',
    about:
      'each policy on the zipf string in a thread where all policies have run, against a thread of its own',
    versus: { run: 'shared', against: 'alone', target: 1.1 },
    cases: policies.map((policy) => sharedProcessCase(inputs, policy, shared)),
  };
}
