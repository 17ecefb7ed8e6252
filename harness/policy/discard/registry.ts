import { Registry } from '../registry.js';
import type { DiscardPolicyInfo } from './contract.js';
import { dontneed } from './dontneed.js';
import { dontneedManaged } from './dontneed-managed.js';
import { free } from './free.js';
import { keep } from './keep.js';
import { punch } from './punch.js';
import { punchManaged } from './punch-managed.js';
import { remove } from './remove.js';
import { removeManaged } from './remove-managed.js';
import { truncate } from './truncate.js';
import { volatile } from './volatile.js';

export const discardPolicies = new Registry<DiscardPolicyInfo>('discard policy', [
  keep,
  remove,
  punch,
  dontneed,
  removeManaged,
  punchManaged,
  dontneedManaged,
  free,
  volatile,
  truncate,
]);
