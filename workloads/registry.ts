import type { Workload } from '../harness/trace/source.js';
import { bufferpool } from './bufferpool/bufferpool.js';
import { churn } from './churn/churn.js';
import { discardable } from './discardable/discardable.js';
import { guests } from './guests/guests.js';
import { umlHotplug } from './uml-hotplug/uml-hotplug.js';
import { zipf } from './zipf/zipf.js';

/** All generators: a folder each, a line here each. Those of modules of the user's are added when they are loaded. */
export const WORKLOADS: Workload[] = [bufferpool, churn, discardable, guests, umlHotplug, zipf];
