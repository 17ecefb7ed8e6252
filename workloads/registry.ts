import type { Workload } from '../harness/trace/source.js';
import { bufferpool } from './bufferpool.js';
import { guests } from './guests.js';
import { zipf } from './zipf.js';

/** All generators: a file each, a line here each. */
export const WORKLOADS: readonly Workload[] = [bufferpool, guests, zipf];
