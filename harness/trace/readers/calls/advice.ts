import { ADVICE, DROP_CALLS, type DropCall } from '../../op.js';
import { type Call, numberAt, pageRange, pages, type Range } from './call.js';
import { drop } from './drops.js';
import { type Mapping, runsOf, segmentOf } from './maps.js';
import type { Process } from './processes.js';
import type { CallFollower, Outcome, Scene } from './scene.js';

const KNOWN_ADVICE = new Set<string>(ADVICE);

/** The name of an advice; one that has none is called by its number. */
function adviceOf(text = ''): string {
  return text.startsWith('MADV_') ? text : `advice ${text}`;
}

/** The call that an advice on a mapping drops contents by, if it does. */
function dropOf({ backing: { kind } }: Mapping, advice: string): DropCall | undefined {
  const call = DROP_CALLS.find((name) => name === advice);
  if (!call) return undefined;
  // On shared memory MADV_DONTNEED only forgets who maps what; of a private file, the file's contents come back.
  const drops = kind === 'anon' ? advice !== 'MADV_REMOVE' : kind !== 'private' && advice === 'MADV_REMOVE';
  return drops ? call : undefined;
}

/** Applies an advice to what is followed of a range. Returns why it is left out, if it is. */
function advise(
  scene: Scene,
  owner: Process,
  thread: number | undefined,
  range: Range,
  call: { readonly name: string; readonly advice: string },
): Outcome {
  const { advice } = call;
  if (!KNOWN_ADVICE.has(advice)) return `calls of ${call.name} with ${advice}`;
  const parts = scene.mapsOf(owner).within(range.start, range.end);
  if (parts.length === 0) return `calls of ${call.name} on memory that is not followed`;
  const dropping =
    scene.options.drops === 'discard' ? (part: Mapping) => dropOf(part, advice) : () => undefined;
  for (const run of runsOfOneKind(parts, dropping)) {
    const dropped = dropping(run.first);
    if (dropped) drop(scene, owner, thread, run, dropped, segmentOf(run.first));
    else
      scene.rangeEvents(
        'madvise',
        owner.id,
        run,
        thread === undefined ? { text: advice } : { thread, text: advice },
        segmentOf(run.first),
      );
  }
  return undefined;
}

/** Neighbors that an advice does the same to, as ranges. */
function runsOfOneKind(
  parts: readonly Mapping[],
  dropping: (part: Mapping) => DropCall | undefined,
): (Range & { readonly first: Mapping })[] {
  const groups: Mapping[][] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (last && last.at(-1)!.end === part.start && dropping(last[0]!) === dropping(part)) last.push(part);
    else groups.push([part]);
  }
  return groups.map((group) => ({ ...runsOf(group)[0]!, first: group[0]! }));
}

function madvise(scene: Scene, process: Process, call: Call): Outcome {
  return advise(scene, process.memoryOwner, call.thread, pageRange(call, 0, 1), {
    name: 'madvise',
    advice: adviceOf(call.args[2]),
  });
}

const RANGES = /\{iov_base=(0x[0-9a-f]+|NULL|\d+), iov_len=(\d+|0x[0-9a-f]+)\}/g;

/** The ranges of an array of iovec of which a number of bytes was advised. */
function advisedRanges(text: string, bytes: number): { ranges: Range[]; missing: boolean } {
  const ranges: Range[] = [];
  let left = bytes;
  for (const [, base, length] of text.matchAll(RANGES)) {
    const start = base === 'NULL' ? 0 : Number(base);
    const advised = Math.min(left, Number(length));
    if (advised <= 0) break;
    left -= advised;
    ranges.push({ start: pages(start), end: pages(start) + pages(advised) });
  }
  return { ranges, missing: left > 0 };
}

/** The process that a pidfd stands for; where the log does not say it, the one process that maps the ranges. */
function target(scene: Scene, process: Process, fd: number, ranges: readonly Range[]): Process | undefined {
  const file = scene.descriptors.get(process, fd)?.file;
  if (file?.kind === 'process' && file.process) return file.process.memoryOwner;
  const mapping = scene
    .spaces()
    .filter(([, maps]) => ranges.every(({ start, end }) => maps.within(start, end).length > 0));
  if (mapping.length !== 1) return undefined;
  scene.remark('calls of process_madvise whose process is inferred: only one maps what they name');
  return mapping[0]![0];
}

/** process_madvise(pidfd, ranges, number, advice, flags) = bytes. */
function processMadvise(scene: Scene, process: Process, call: Call): Outcome {
  const advice = adviceOf(call.args[3]);
  const { ranges, missing } = advisedRanges(call.args[1] ?? '', call.result);
  if (!KNOWN_ADVICE.has(advice)) return `calls of process_madvise with ${advice}`;
  // Tracepoints have the address of the array.
  if (missing && ranges.length === 0)
    return 'calls of process_madvise with ranges that the log does not show';
  const owner = target(scene, process, numberAt(call, 0), ranges);
  if (!owner) return 'calls of process_madvise on memory that is not followed';
  const own = owner === process.memoryOwner;
  const outcomes = ranges.map((range) =>
    own
      ? advise(scene, owner, call.thread, range, { name: 'process_madvise', advice })
      : adviseOther(scene, process.memoryOwner, owner, call, { range, advice }),
  );
  if (missing) scene.remark('calls of process_madvise with ranges that the log does not show');
  return outcomes.every((outcome) => outcome !== undefined) ? outcomes[0] : undefined;
}

/** Applies an advice of one process to what is followed of a range of another. Returns why it is left out, if it is. */
function adviseOther(
  scene: Scene,
  caller: Process,
  owner: Process,
  { thread }: Call,
  { range, advice }: { readonly range: Range; readonly advice: string },
): Outcome {
  const parts = scene.mapsOf(owner).within(range.start, range.end);
  if (parts.length === 0) return 'calls of process_madvise on memory that is not followed';
  const fields = { thread, text: `${advice} target=${owner.id}` };
  const space = scene.space(caller);
  for (const run of runsOf(parts))
    scene.rangeEvents('process_madvise', space, run, fields, segmentOf(parts[0]!));
  return undefined;
}

/** Calls that give advice, by name. */
export const ADVICE_CALLS: Readonly<Record<string, CallFollower>> = {
  madvise,
  process_madvise: processMadvise,
};
