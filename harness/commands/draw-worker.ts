import { parentPort, workerData } from 'node:worker_threads';
import type { DrawJob, DrawSetup } from './draw-job.js';
import { DrawJobs } from './draw-jobs.js';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
const jobs = new DrawJobs(workerData as DrawSetup);

port.on('message', (job: DrawJob) => {
  jobs.answer(job).then(
    (answer) => port.postMessage(answer),
    (error) => {
      // Kills the worker; the pool reports it.
      setImmediate(() => {
        throw error;
      });
    },
  );
});
