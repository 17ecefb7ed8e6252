import { parentPort, workerData } from 'node:worker_threads';
import { chooseLive } from '../live/choice.js';
import { loadPolicyModule } from '../modules/load.js';
import { limitExpansion } from '../trace/io/decompress.js';
import { Jobs, type WorkerJob, type WorkerSetup } from './jobs.js';

const setup = workerData as WorkerSetup;
const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');

chooseLive(setup.live);
limitExpansion(setup.maxExpansion);

async function run(): Promise<void> {
  for (const file of setup.policyModules) await loadPolicyModule(file, setup.policyTimeoutS);
  const jobs = new Jobs(setup);
  port!.on('message', (job: WorkerJob) => {
    jobs.answer(job).then(
      (message) => port!.postMessage(message),
      (error) => {
        // Kills the worker; the pool reports it with its job.
        setImmediate(() => {
          throw error;
        });
      },
    );
  });
}

void run();
