import { Registry } from '../registry.js';
import type { DiscardPolicyInfo } from './contract.js';
import { dontneed } from './dontneed.js';
import { free } from './free.js';
import { keep } from './keep.js';
import { managed } from './managed.js';
import { punch } from './punch.js';
import { remove } from './remove.js';
import { truncate } from './truncate.js';
import { volatile } from './volatile.js';

/** How `discard`, `unpin` and `pin` are carried out. */
export const discardPolicies = new Registry<DiscardPolicyInfo>('discard policy', [
  keep,
  remove,
  punch,
  dontneed,
  managed(remove),
  managed(punch),
  managed(dontneed),
  free,
  volatile,
  truncate,
]);
