import { ADVICE_CALLS } from './advice.js';
import { FILE_CALLS } from './files.js';
import { LOCK_CALLS } from './locks.js';
import { MAPPING_CALLS } from './mappings.js';
import { PASSING_CALLS } from './passing.js';
import type { CallFollower } from './scene.js';
import { SYSV_CALLS } from './sysv.js';

/** Calls on memory that no op of the format stands for: counted by name. */
export const COUNTED_CALLS: ReadonlySet<string> = new Set([
  'msync',
  'mincore',
  'mseal',
  'mbind',
  'set_mempolicy',
  'set_mempolicy_home_node',
  'migrate_pages',
  'move_pages',
  'remap_file_pages',
  'process_mrelease',
  'userfaultfd',
  'readahead',
  'map_shadow_stack',
  'swapon',
  'swapoff',
  'ipc',
]);

/** What follows calls, by their names: memory first, then descriptors that may stand for memory. */
export const MEMORY_CALLS: ReadonlyMap<string, CallFollower> = new Map(
  Object.entries({ ...MAPPING_CALLS, ...ADVICE_CALLS, ...LOCK_CALLS, ...SYSV_CALLS }),
);

/** What follows calls on files and descriptors, which concern memory where a segment is behind them. */
export const DESCRIPTOR_CALLS: ReadonlyMap<string, CallFollower> = new Map(
  Object.entries({ ...FILE_CALLS, ...PASSING_CALLS }),
);

/** Whether a call may concern memory: all others are left out alike. */
export function isFollowed(name: string): boolean {
  return MEMORY_CALLS.has(name) || DESCRIPTOR_CALLS.has(name) || COUNTED_CALLS.has(name);
}
