import { Registry } from '../registry.js';
import { cacheus } from './cacheus.js';
import { clockPro } from './clock-pro.js';
import type { ReclaimPolicyInfo } from './contract.js';
import { fifo } from './fifo.js';
import { lecar } from './lecar.js';
import { linux } from './linux.js';
import { lru } from './lru.js';
import { opt } from './opt.js';
import { random } from './random.js';
import { unbounded } from './unbounded.js';
import { wtinylfu } from './wtinylfu.js';

export const reclaimPolicies = new Registry<ReclaimPolicyInfo>('reclaim policy', [
  linux,
  lru,
  fifo,
  opt,
  unbounded,
  random,
  lecar,
  cacheus,
  clockPro,
  wtinylfu,
]);
