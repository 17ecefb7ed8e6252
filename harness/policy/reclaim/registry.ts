import { Registry } from '../registry.js';
import { arc } from './arc.js';
import { cacheus } from './cacheus.js';
import { car } from './car.js';
import { clock } from './clock.js';
import { clockPro } from './clock-pro.js';
import type { ReclaimPolicyInfo } from './contract.js';
import { fifo } from './fifo.js';
import { lecar } from './lecar.js';
import { lfu } from './lfu.js';
import { lhd } from './lhd.js';
import { linux } from './linux.js';
import { lirs } from './lirs.js';
import { lru } from './lru.js';
import { mglru } from './mglru.js';
import { mru } from './mru.js';
import { opt } from './opt.js';
import { random } from './random.js';
import { s3fifo } from './s3fifo.js';
import { sieve } from './sieve.js';
import { slru } from './slru.js';
import { twoq } from './twoq.js';
import { unbounded } from './unbounded.js';
import { wtinylfu } from './wtinylfu.js';

export const reclaimPolicies = new Registry<ReclaimPolicyInfo>('reclaim policy', [
  linux,
  lru,
  fifo,
  mru,
  mglru,
  clock,
  clockPro,
  slru,
  twoq,
  arc,
  car,
  lirs,
  lfu,
  s3fifo,
  sieve,
  wtinylfu,
  lecar,
  cacheus,
  lhd,
  random,
  opt,
  unbounded,
]);
