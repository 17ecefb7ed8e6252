import { Registry } from '../registry.js';
import type { DiscardPolicyInfo } from './contract.js';
import { dontneed } from './dontneed.js';
import { free } from './free.js';
import { keep } from './keep.js';
import { punch } from './punch.js';
import { remove } from './remove.js';

export const discardPolicies = new Registry<DiscardPolicyInfo>('discard policy', [
  keep,
  remove,
  punch,
  dontneed,
  free,
]);
