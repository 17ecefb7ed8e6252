/**
 * A timeline in the Trace Event Format, which Perfetto and chrome://tracing open. Source: "Trace Event Format", the document of the
 * Trace Viewer project: JSON object form, events X (complete), C (counter), i (instant), M (metadata).
 */
import { PAGE_BYTES } from '../../base/page.js';
import { labelText } from '../../base/printable.js';
import type { Moment, Paid } from '../../metrics/files.js';
import { STALL_PARTS, type StallPart } from '../../metrics/schema.js';
import { OPS } from '../../trace/op.js';
import type { Trace } from '../../trace/trace.js';
import { type Lane, lanesOf } from './lanes.js';
import type { Counters, TimelineRecorder } from './recorder.js';
import type { Slice } from './slices.js';

/** The process of a viewer that has what is of the machine. Spaces follow it. */
const MACHINE = 1;

/** An event of the format. */
export interface TraceEvent {
  readonly ph: 'X' | 'C' | 'i' | 'M';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** In µs. */
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  /** Scope of an instant: global. */
  readonly s?: 'g';
  readonly args?: Readonly<Record<string, string | number>>;
}

/** What a timeline left out. */
export interface LeftOut {
  /** Slices that there were. */
  readonly slices: number;
  /** Those shown. */
  readonly shown: number;
  /** All shown ones stall at least so long, unless none is left out. */
  readonly shortestNs: number;
  readonly instants: number;
}

/** A timeline: its text, and what it left out. */
export interface Timeline {
  readonly text: string;
  readonly leftOut: LeftOut;
}

/** What a stall part is called in a slice. */
const PART_NAMES: Readonly<Record<StallPart, string>> = {
  minor: 'minor faults',
  major: 'major faults',
  read: 'file reads',
  cow: 'copy on write',
  reclaim: 'direct reclaim',
  discard: 'discard calls',
  pin: 'pin calls',
  sigbus: 'SIGBUS handlers',
  regen: 'regeneration',
};

/** The op of a slice with its argument, as in `madvise MADV_FREE`. */
function sliceName({ op, text }: Slice, { strings }: Trace): string {
  const name = OPS[op]!.name;
  const isLong = name === 'madvise' || name === 'fallocate' || name === 'pread' || name === 'pwrite';
  return text >= 0 && isLong ? `${name} ${labelText(strings.text(text))}` : name;
}

/** A time of the format, which counts in µs: whole ns are exact. */
function microseconds(ns: number): number {
  return Math.round(ns) / 1000;
}

/** A slice, with its parts below it. How they follow each other is not known: they stand in the order of `STALL_PARTS`. */
function sliceEvents(slice: Slice, trace: Trace, pid: number, tid: number): TraceEvent[] {
  const { timeUs, stallNs, partsNs, page, count } = slice;
  const startNs = timeUs * 1000;
  // Both ends are rounded, not the length: so parts stay inside of the whole.
  const event = (name: string, cat: string, fromNs: number, ns: number): TraceEvent => ({
    ph: 'X',
    name,
    cat,
    pid,
    tid,
    ts: microseconds(startNs + fromNs),
    dur: microseconds(Math.round(startNs + fromNs + ns) - Math.round(startNs + fromNs)),
  });
  const whole = {
    ...event(sliceName(slice, trace), 'event', 0, stallNs),
    args: { page, count, stall_ns: stallNs },
  };
  let atNs = 0;
  const parts = STALL_PARTS.flatMap((part, i): TraceEvent[] => {
    const ns = partsNs[i]!;
    if (ns <= 0) return [];
    const one = event(PART_NAMES[part], 'stall', atNs, ns);
    atNs += ns;
    return [one];
  });
  return [whole, ...parts];
}

function nameEvent(kind: 'process_name' | 'thread_name', pid: number, tid: number, name: string): TraceEvent {
  return { ph: 'M', name: kind, pid, tid, args: { name } };
}

function orderEvent(
  kind: 'process_sort_index' | 'thread_sort_index',
  pid: number,
  tid: number,
  at: number,
): TraceEvent {
  return { ph: 'M', name: kind, pid, tid, args: { sort_index: at } };
}

/** Processes by space: the machine is the first. */
function processesOf(spaces: readonly Paid[]): ReadonlyMap<number, number> {
  const ids = new Set(spaces.flatMap(({ space }) => (space === null ? [] : [space])));
  return new Map([...ids].map((space, i) => [space, MACHINE + 1 + i]));
}

function spaceEvents(spaces: readonly Paid[], processes: ReadonlyMap<number, number>): TraceEvent[] {
  return spaces.flatMap(({ space, name }) => {
    if (space === null) return [];
    const pid = processes.get(space)!;
    const shown = name === null || name === '' ? `space ${space}` : `${name} (space ${space})`;
    return [nameEvent('process_name', pid, 0, shown), orderEvent('process_sort_index', pid, 0, pid)];
  });
}

/** The rows of threads, numbered over all spaces: two lanes of a thread are two threads to a viewer. */
function laneEvents(
  lanes: readonly Lane[],
  trace: Trace,
  processes: ReadonlyMap<number, number>,
): TraceEvent[] {
  return lanes.flatMap(({ space, thread, lane, slices }, i) => {
    const pid = processes.get(space)!;
    const tid = i + 1;
    const name = lane === 0 ? `thread ${thread}` : `thread ${thread}, while it waits (${lane})`;
    return [
      nameEvent('thread_name', pid, tid, name),
      orderEvent('thread_sort_index', pid, tid, thread * 100 + lane),
      ...slices.flatMap((slice) => sliceEvents(slice, trace, pid, tid)),
    ];
  });
}

const MIB = 1024 * 1024;

function counter(name: string, ts: number, args: Readonly<Record<string, number>>): TraceEvent {
  return { ph: 'C', name, pid: MACHINE, tid: 0, ts, args };
}

function inMib(pages: number): number {
  return (pages * PAGE_BYTES) / MIB;
}

/** Memory at the moments of timeline.csv. */
function memoryEvents(rows: readonly Moment[]): TraceEvent[] {
  return rows.flatMap((row) => [
    counter('memory, MiB', row.time_us, {
      resident: inMib(row.resident_pages),
      swap: inMib(row.swap_pages),
      footprint: inMib(row.footprint_pages),
    }),
    counter('given up, MiB', row.time_us, {
      lazyfree: inMib(row.lazyfree_pages),
      volatile: inMib(row.volatile_pages),
    }),
    ...(row.limit_pages === null
      ? []
      : [counter('limit, MiB', row.time_us, { limit: inMib(row.limit_pages) })]),
  ]);
}

/** Lists of the reclaim policy, and per step how long threads waited and daemons worked. */
function counterEvents(all: readonly Counters[]): TraceEvent[] {
  return all.flatMap((now, i) => {
    const before = all[i - 1] ?? now;
    const ns = 1000 * (now.timeUs - before.timeUs);
    const share = (value: number) => (ns === 0 ? 0 : (100 * value) / ns);
    const perSecond = (value: number) => (ns === 0 ? 0 : (1e9 * value) / ns);
    const lists = Object.entries(now.lists).map(([name, pages]) => [name, inMib(pages)] as const);
    // A rate stands at the beginning of the step that it is of.
    const at = before.timeUs;
    const rates =
      i === 0
        ? []
        : [
            counter('pressure, % of time', at, {
              'threads waiting': share(now.stallNs - before.stallNs),
              daemons: share(now.daemonNs - before.daemonNs),
            }),
            counter('faults per s', at, {
              pgfault: perSecond(now.pgfault - before.pgfault),
              pgmajfault: perSecond(now.pgmajfault - before.pgmajfault),
            }),
          ];
    return [
      ...rates,
      ...(lists.length > 0 ? [counter('lists, MiB', now.timeUs, Object.fromEntries(lists))] : []),
    ];
  });
}

function instantEvents({ instants, trace }: TimelineRecorder): TraceEvent[] {
  return instants.map(({ timeUs, op, text, count }) => {
    const kind = OPS[op]!.name;
    const words = text >= 0 ? labelText(trace.strings.text(text)) : '';
    const limit = count === undefined ? 'none' : `${count} pages`;
    const name = kind === 'mark' ? words : `${kind} ${kind === 'limit' ? limit : words}`;
    return { ph: 'i', name, cat: kind, pid: MACHINE, tid: 0, ts: timeUs, s: 'g' };
  });
}

/**
 * The timeline of a replay.
 *
 * @param about what was replayed, for the file's `otherData`
 */
export function timelineOf(
  recorder: TimelineRecorder,
  moments: readonly Moment[],
  spaces: readonly Paid[],
  about: Readonly<Record<string, string>>,
): Timeline {
  const { slices, trace, moreInstants } = recorder;
  const kept = slices.kept();
  const { lanes, leftOut } = lanesOf(kept);
  const processes = processesOf(spaces);
  const shown = kept.length - leftOut;
  const shortestNs = kept.reduce((least, { stallNs }) => Math.min(least, stallNs), Number.POSITIVE_INFINITY);
  const summary: LeftOut = {
    slices: slices.seen,
    shown,
    shortestNs: kept.length > 0 ? shortestNs : 0,
    instants: moreInstants,
  };
  const events: TraceEvent[] = [
    nameEvent('process_name', MACHINE, 0, 'machine'),
    orderEvent('process_sort_index', MACHINE, 0, MACHINE),
    ...spaceEvents(spaces, processes),
    ...memoryEvents(moments),
    ...counterEvents(recorder.counters),
    ...instantEvents(recorder),
    ...laneEvents(lanes, trace, processes),
  ];
  const otherData = {
    ...about,
    clock:
      'trace time: an open loop, a stall delays nothing; durations are those of the first draw of device latency',
    slices: String(summary.slices),
    slices_shown: String(shown),
    shortest_shown_ns: String(summary.shortestNs),
  };
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  const text = `{"displayTimeUnit":"ms","otherData":${JSON.stringify(otherData)},"traceEvents":[\n${lines}\n]}\n`;
  return { text, leftOut: summary };
}
