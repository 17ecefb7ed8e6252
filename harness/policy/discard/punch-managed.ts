import type { DiscardPolicyInfo } from './contract.js';
import { managed } from './managed.js';
import { punch } from './punch.js';

export const punchManaged: DiscardPolicyInfo = managed(punch);
