import { type Call, pageRange } from './call.js';
import { runsOf } from './maps.js';
import type { Process } from './processes.js';
import { type CallFollower, type Outcome, type Scene, UNRELATED } from './scene.js';

/** mlock(address, bytes), munlock and mlock2(address, bytes, flags). */
function lockRange(scene: Scene, process: Process, call: Call): Outcome {
  const owner = process.memoryOwner;
  const { start, end } = pageRange(call, 0, 1);
  const runs = runsOf(scene.mapsOf(owner).within(start, end));
  const op = call.name === 'munlock' ? 'unlock' : 'lock';
  const onFault = (call.args[2] ?? '').includes('MLOCK_ONFAULT');
  for (const run of runs) scene.rangeEvents(op, owner.id, run, onFault ? { text: 'onfault' } : {});
  return runs.length > 0 ? undefined : `calls of ${call.name} on memory that is not followed`;
}

/** Flags of mlockall, and how the format has them. */
const LOCKALL_WORDS = [
  ['MCL_CURRENT', 'current'],
  ['MCL_FUTURE', 'future'],
  ['MCL_ONFAULT', 'onfault'],
] as const;

/** mlockall(flags): with MCL_FUTURE also where nothing is mapped so far. */
function mlockall(scene: Scene, process: Process, call: Call): Outcome {
  const flags = call.args[0] ?? '';
  const owner = process.memoryOwner;
  if (scene.mapsOf(owner).empty && !flags.includes('MCL_FUTURE'))
    return 'calls of mlockall on memory that is not followed';
  const text = LOCKALL_WORDS.flatMap(([flag, word]) => (flags.includes(flag) ? [word] : [])).join(' ');
  scene.event('mlockall', { space: scene.space(owner), text });
  return undefined;
}

/** munlockall(): also of mappings to come. */
function munlockall(scene: Scene, process: Process): Outcome {
  const owner = process.memoryOwner;
  if (!scene.hasSpace(owner)) return 'calls of munlockall on memory that is not followed';
  scene.event('munlockall', { space: owner.id });
  return undefined;
}

/** What prctl sets of memory. */
export const MEMORY_SETTINGS: ReadonlySet<string> = new Set([
  'PR_SET_MEMORY_MERGE',
  'PR_SET_THP_DISABLE',
  'PR_SET_VMA',
  'PR_SET_MM',
  'PR_SET_MDWE',
]);

/** Those that traces have, by their names there. */
const SETTING_OF: Readonly<Record<string, string>> = {
  PR_SET_MEMORY_MERGE: 'merge',
  PR_SET_THP_DISABLE: 'thp_disable',
};

function prctl(scene: Scene, process: Process, call: Call): Outcome {
  const [what = '', value = ''] = call.args;
  const setting = SETTING_OF[what];
  if (setting !== undefined) {
    const on = Number(value.replace(/ *\/\*.*$/, '')) !== 0;
    scene.event('prctl', { space: scene.space(process.memoryOwner), text: `${setting}=${on ? 1 : 0}` });
    return undefined;
  }
  return MEMORY_SETTINGS.has(what) ? `calls of prctl with ${what}` : UNRELATED;
}

/** Calls that lock memory or set what becomes of all of it, by name. */
export const LOCK_CALLS: Readonly<Record<string, CallFollower>> = {
  mlock: lockRange,
  mlock2: lockRange,
  munlock: lockRange,
  mlockall,
  munlockall,
  prctl,
};
