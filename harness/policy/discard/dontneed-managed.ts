import type { DiscardPolicyInfo } from './contract.js';
import { dontneed } from './dontneed.js';
import { managed } from './managed.js';

export const dontneedManaged: DiscardPolicyInfo = managed(dontneed);
