import type { Workload } from '../harness/trace/source.js';
import { bufferpool } from './bufferpool/bufferpool.js';
import { churn } from './churn/churn.js';
import { discardable } from './discardable/discardable.js';
import { guests } from './guests/guests.js';
import { umlHotplug } from './uml-hotplug/uml-hotplug.js';
import { zipf } from './zipf/zipf.js';

/** All generators: a folder each, a line here each. */
export const WORKLOADS: readonly Workload[] = [bufferpool, churn, discardable, guests, umlHotplug, zipf];
