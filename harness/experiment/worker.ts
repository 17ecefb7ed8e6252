import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../base/errors.js';
import { loadCosts } from '../cost/table.js';
import { loadPolicyModule } from '../policy/module.js';
import { openTrace, type Trace, type TraceHandle } from '../trace/trace.js';
import { type CellResult, runCell } from './cell.js';
import type { Cell } from './plan.js';

/** What every worker receives when it starts. */
export interface WorkerSetup {
  readonly traces: readonly { readonly handle: TraceHandle; readonly label: string }[];
  readonly costsFile: string | undefined;
  readonly policyModules: readonly string[];
  /** Seconds that a cell with a policy of theirs may take. */
  readonly policyTimeoutS: number;
}

/** A worker's answer to a cell: its result, or why it could not run. */
export type WorkerAnswer = { readonly result: CellResult } | { readonly refused: string };

const setup = workerData as WorkerSetup;
const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');

const costs = loadCosts(setup.costsFile);
for (const file of setup.policyModules) await loadPolicyModule(file, setup.policyTimeoutS);
const opened = new Map<number, Promise<Trace>>();

function trace(index: number): Promise<Trace> {
  const known = opened.get(index);
  if (known) return known;
  const opening = openTrace(setup.traces[index]!.handle);
  opened.set(index, opening);
  return opening;
}

async function answer(cell: Cell): Promise<WorkerAnswer> {
  try {
    const { label } = setup.traces[cell.trace]!;
    return { result: await runCell(cell, await trace(cell.trace), label, costs) };
  } catch (error) {
    if (error instanceof InputError) return { refused: error.message };
    throw error;
  }
}

port.on('message', (cell: Cell) => {
  answer(cell).then(
    (message) => port.postMessage(message),
    (error) => {
      // Kills the worker; the pool reports it with its cell.
      setImmediate(() => {
        throw error;
      });
    },
  );
});
