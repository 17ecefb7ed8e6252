import type { Call } from '../calls/call.js';
import type { AttachedProcess, Manifest } from './manifest.js';
import { callsThatMap, impliedCall, mapsOf } from './maps-text.js';
import type { RecordedCalls } from './source.js';

/** Before any access, and any call, of the recording. */
const FIRST_PLACE = -1;
const THREAD = 'flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD';

/** What would have made a process as it was: its program, its threads and its mappings. */
function callsOf({ pid, name, threads, maps_before: maps }: AttachedProcess, timeUs: number): Call[] {
  const at = { thread: pid, timeUs };
  const others = threads.filter((thread) => thread !== pid);
  return [
    impliedCall(at, 'execve', [JSON.stringify(name)], 0),
    ...others.map((thread) => impliedCall(at, 'clone', ['child_stack=NULL', THREAD], thread)),
    ...callsThatMap(at, mapsOf(maps)),
  ];
}

/**
 * The calls of a recording that began in the middle of a program, with those that would have made what was there. A segment that
 * several processes map is one; which of them forked which is not known, and private memory that they share is counted for each.
 */
export function withAttached(calls: RecordedCalls, { attached, clocks }: Manifest): RecordedCalls {
  const { monotonic_ns: monotonic, realtime_ns: realtime } = clocks.start;
  const startUs = Number(BigInt(calls.clock === 'epoch' ? realtime : monotonic) / 1000n);
  const before = attached.flatMap((process) => callsOf(process, startUs));
  if (before.length === 0) return calls;
  return {
    ...calls,
    calls: [...before, ...calls.calls],
    places: [...before.map(() => FIRST_PLACE), ...calls.places],
  };
}
