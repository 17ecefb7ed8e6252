import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../base/errors.js';
import { ResultsFolder } from '../metrics/results.js';
import { FigureData } from '../report/figures/data.js';
import { figureOf } from '../report/figures/registry.js';
import { reportText } from '../report/html/write.js';
import { type DrawAnswer, type DrawJob, type DrawSetup, FIGURE_FOLDER, REPORT } from './draw.js';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
const { folder, replaced, width, formats } = workerData as DrawSetup;
let opened: { readonly results: ResultsFolder; readonly data: FigureData } | undefined;

/** The results; what one job has read of them is there for the next. */
function open() {
  if (opened) return opened;
  const results = ResultsFolder.open(folder, replaced);
  opened = { results, data: new FigureData(results) };
  return opened;
}

async function draw(job: DrawJob): Promise<DrawAnswer> {
  try {
    const { results, data } = open();
    if (job.figure === undefined) return { files: [[REPORT, await reportText(results, data)]] };
    // What draws may not be installed, and then only report.html is asked for.
    const { figureFiles } = await import('../report/render/write.js');
    const files = await figureFiles([figureOf(job.figure)], data, width, formats);
    return { files: [...files].map(([name, content]) => [join(FIGURE_FOLDER, name), content]) };
  } catch (error) {
    if (error instanceof InputError) return { refused: error.message };
    throw error;
  }
}

port.on('message', (job: DrawJob) => {
  draw(job).then(
    (answer) => port.postMessage(answer),
    (error) => {
      // Kills the worker; the pool reports it.
      setImmediate(() => {
        throw error;
      });
    },
  );
});
