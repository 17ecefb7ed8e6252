import { Registry } from '../registry.js';
import { arc } from './arc.js';
import { car } from './car.js';
import { clock } from './clock.js';
import type { ReclaimPolicyInfo } from './contract.js';
import { fifo } from './fifo.js';
import { lfu } from './lfu.js';
import { linux } from './linux.js';
import { lirs } from './lirs.js';
import { lru } from './lru.js';
import { mglru } from './mglru.js';
import { s3fifo } from './s3fifo.js';
import { sieve } from './sieve.js';
import { slru } from './slru.js';
import { twoq } from './twoq.js';

export const reclaimPolicies = new Registry<ReclaimPolicyInfo>('reclaim policy', [
  linux,
  lru,
  fifo,
  mglru,
  clock,
  slru,
  twoq,
  arc,
  car,
  lirs,
  lfu,
  s3fifo,
  sieve,
]);
