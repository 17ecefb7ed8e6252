import type { DiscardPolicyInfo } from './contract.js';
import { managed } from './managed.js';
import { remove } from './remove.js';

export const removeManaged: DiscardPolicyInfo = managed(remove);
