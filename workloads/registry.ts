import type { Workload } from '../harness/trace/source.js';
import { bufferpool } from './bufferpool.js';
import { churn } from './churn.js';
import { discardable } from './discardable.js';
import { guests } from './guests.js';
import { umlHotplug } from './uml-hotplug.js';
import { zipf } from './zipf.js';

/** All generators: a file each, a line here each. */
export const WORKLOADS: readonly Workload[] = [bufferpool, churn, discardable, guests, umlHotplug, zipf];
