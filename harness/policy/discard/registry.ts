import { Registry } from '../registry.js';
import type { DiscardPolicyInfo } from './contract.js';
import { dontneed } from './dontneed.js';
import { free } from './free.js';
import { keep } from './keep.js';
import { delayed } from './later/delayed.js';
import { managed } from './managed.js';
import { presets } from './presets.js';
import { punch } from './punch.js';
import { remove } from './remove.js';
import { truncate } from './truncate.js';
import { volatile } from './volatile.js';

const removing = delayed(remove);
const punching = delayed(punch);
const unmapping = delayed(dontneed);

/** How `discard`, `unpin` and `pin` are carried out. */
export const discardPolicies = new Registry<DiscardPolicyInfo>('discard policy', [
  keep,
  removing,
  punching,
  unmapping,
  managed(removing),
  managed(punching),
  managed(unmapping),
  delayed(free, { muzzy: false }),
  delayed(volatile, { muzzy: false }),
  delayed(truncate, { eager: true }),
  ...presets,
]);
