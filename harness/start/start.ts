// What the files that processes and threads start from run: see harness/bundle.mjs.
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { setThreadHeap } from '../base/thread-heap.js';
import { Bundle } from './bundle.js';
import { CodeCache } from './code-cache.js';

let bundle: Bundle | undefined;

/**
 * Runs an entry of the bundle, again each time that it is called. Returns its exports.
 *
 * @param folder of the bundle
 * @param entry name of the file
 */
export function start(folder: string, entry: string): unknown {
  bundle ??= makeBundle(folder, entry);
  bundle.forget(entry);
  return bundle.load(entry);
}

function makeBundle(folder: string, entry: string): Bundle {
  if (isMainThread) setThreadHeap();
  // What is no command has no code worth keeping.
  const command = isMainThread && /^[a-z]+$/.test(process.argv[2] ?? '') ? `-${process.argv[2]}` : '';
  const made = new Bundle(folder, new CodeCache(folder, basename(entry, '.cjs') + command));
  if (isMainThread) process.on('exit', () => made.keep());
  return made;
}
