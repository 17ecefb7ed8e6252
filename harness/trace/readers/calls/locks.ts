import { type Call, pageRange } from './call.js';
import { runsOf } from './maps.js';
import type { Process } from './processes.js';
import { type CallFollower, type Outcome, type Scene, UNRELATED } from './scene.js';

/** mlock(address, bytes), munlock and mlock2(address, bytes, flags). */
function lockRange(scene: Scene, process: Process, call: Call): Outcome {
  if ((call.args[2] ?? '').includes('MLOCK_ONFAULT'))
    return 'calls of mlock2 with MLOCK_ONFAULT, which the format does not have';
  const owner = process.memoryOwner;
  const { start, end } = pageRange(call, 0, 1);
  const runs = runsOf(scene.mapsOf(owner).within(start, end));
  const op = call.name === 'munlock' ? 'unlock' : 'lock';
  for (const run of runs) scene.rangeEvents(op, owner.id, run);
  return runs.length > 0 ? undefined : `calls of ${call.name} on memory that is not followed`;
}

/** MCL_CURRENT locks what is mapped, MCL_FUTURE what will be. */
function mlockall(scene: Scene, process: Process, call: Call): Outcome {
  const flags = call.args[0] ?? '';
  if (flags.includes('MCL_ONFAULT'))
    return 'calls of mlockall with MCL_ONFAULT, which the format does not have';
  const owner = process.memoryOwner;
  if (flags.includes('MCL_FUTURE')) scene.lockers.add(owner);
  else scene.lockers.delete(owner);
  const runs = flags.includes('MCL_CURRENT') ? runsOf(scene.mapsOf(owner).all) : [];
  for (const run of runs) scene.rangeEvents('lock', owner.id, run);
  return runs.length > 0 || flags.includes('MCL_FUTURE')
    ? undefined
    : 'calls of mlockall on memory that is not followed';
}

function munlockall(scene: Scene, process: Process): Outcome {
  const owner = process.memoryOwner;
  scene.lockers.delete(owner);
  const runs = runsOf(scene.mapsOf(owner).all);
  for (const run of runs) scene.rangeEvents('unlock', owner.id, run);
  return runs.length > 0 ? undefined : 'calls of munlockall on memory that is not followed';
}

/** What prctl sets of memory. */
export const MEMORY_SETTINGS: ReadonlySet<string> = new Set([
  'PR_SET_MEMORY_MERGE',
  'PR_SET_VMA',
  'PR_SET_THP_DISABLE',
  'PR_SET_MM',
  'PR_SET_MDWE',
]);

function prctl(scene: Scene, process: Process, call: Call): Outcome {
  const [what = '', value = ''] = call.args;
  if (what === 'PR_SET_MEMORY_MERGE') {
    const merge = Number(value.replace(/ *\/\*.*$/, '')) !== 0;
    scene.event('prctl', { space: scene.space(process.memoryOwner), text: `merge=${merge ? 1 : 0}` });
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
