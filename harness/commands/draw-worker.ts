import { parentPort } from 'node:worker_threads';
import { InputError } from '../base/errors.js';
import { FORMATS } from '../report/render/write.js';
import { drawnText, drawResults } from './report.js';

/** What is drawn of a folder of results, by its path below the folder, and what is printed; or why nothing can be drawn. */
export type DrawAnswer =
  | { readonly files: ReadonlyMap<string, string | Uint8Array>; readonly text: string }
  | { readonly refused: string };

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');

async function draw(folder: string): Promise<DrawAnswer> {
  try {
    const files = await drawResults(folder);
    return { files, text: drawnText(folder, [...files.keys()], FORMATS, false) };
  } catch (error) {
    if (error instanceof InputError) return { refused: error.message };
    throw error;
  }
}

port.on('message', (folder: string) => {
  draw(folder).then(
    (answer) => port.postMessage(answer),
    (error) => {
      // Kills the worker; the pool reports it.
      setImmediate(() => {
        throw error;
      });
    },
  );
});
