import { unlinkSync } from 'node:fs';
import { type EndingSignal, SIGNALS } from './errors.js';

const NAMES = Object.keys(SIGNALS) as EndingSignal[];
const files = new Set<string>();

function remove(): void {
  for (const file of files) {
    try {
      unlinkSync(file);
    } catch {
      // It is not there yet, or no more.
    }
  }
}

/** Removes the files, then lets the signal do what it does by default, unless others handle it too. */
function end(name: EndingSignal): void {
  remove();
  if (process.listenerCount(name) > 1) return;
  process.off(name, end);
  process.kill(process.pid, name);
}

/**
 * Has a file removed if a signal ends the process before the returned function is called. While there is such a file, what
 * runs must let events be handled, as every write to a file does.
 */
export function removedAtSignal(file: string): () => void {
  if (files.size === 0) for (const name of NAMES) process.on(name, end);
  files.add(file);
  return () => {
    files.delete(file);
    if (files.size === 0) for (const name of NAMES) process.off(name, end);
  };
}
