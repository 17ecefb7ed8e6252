import { setFlagsFromString } from 'node:v8';

/**
 * What objects and arrays of a worker thread may take before the first collection of garbage, in MiB. A replay grows arrays of
 * megabytes by copying them, which without this calls for a collection or two: measured on two workers, a tenth to a sixth of the
 * CPU time of a sweep of short cells, for 20 to 30 MiB a worker.
 */
const FIRST_COLLECTION_MIB = 64;

/**
 * Lets threads that start from now on use this much first. It is read when the heap of a thread is made; that of this thread is. Code that V8
 * has compiled is of no use under other flags, so the command line calls this at its start, and not only before its first worker.
 */
export function setThreadHeap(): void {
  setFlagsFromString(`--initial-old-space-size=${FIRST_COLLECTION_MIB}`);
}
