import { openSync, readFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { treeOf } from '../process.js';
import { Looker } from './look.js';
import type { LookingOptions } from './looking.js';
import { hasSoftDirty } from './pagemap.js';

const { pid, everyMs, file, stop } = workerData as LookingOptions;
const flag = new Int32Array(stop);
const stopped = () => Atomics.load(flag, 0) !== 0;

const output = openSync(file, 'w');
const softDirty = hasSoftDirty(() => readFileSync('/proc/self/maps', 'utf8'));
const lookers = new Map<number, Looker>();

/** Looks at all processes of the tree, and at those that were of it and have left it. */
function lookAround(): void {
  for (const each of new Set([...lookers.keys(), ...treeOf(pid)])) {
    const looker = lookers.get(each) ?? new Looker(each, softDirty, stopped);
    const said = looker.look();
    if (said === undefined) lookers.delete(each);
    else {
      lookers.set(each, looker);
      writeSync(output, said);
    }
  }
}

for (let due = performance.now() + everyMs; ; due = Math.max(due + everyMs, performance.now())) {
  Atomics.wait(flag, 0, 0, Math.max(0, due - performance.now()));
  if (stopped()) break;
  lookAround();
}
