import { type Call, leaveCall } from '../calls/call.js';
import { readFaults } from '../faults/side.js';
import { readCalls } from '../strace/read.js';
import type { RawFolder } from './folder.js';
import type { Manifest } from './manifest.js';
import { Reorder } from './order.js';
import { ACCESS, type AccessBatch, type RawRecording, type RecordedCalls } from './source.js';

const CALLS = 'calls.strace';
const FAULTS = 'faults.txt';
const BEFORE = 'calls from before the program began';

/** Faults come after the calls of the same µs: what a fault is on was mapped before. */
const CALL_PLACE = 0;
const FAULT_PLACE = 1;

const BEGINS = /^(fork|vfork|clone3?)$/;
/** Longer than such a call takes. A thread may have the number of one that has ended long before. */
const BIRTH_US = 10_000;

/** A recording of the engine `strace`: its log, and with it the page faults of perf where these could be recorded. */
export class StraceRecording implements RawRecording {
  readonly called = 'faults';

  /** When each thread is known, in µs: at the end of the call that began it, or with a call of its own. */
  private readonly known = new Map<number, number>();

  constructor(
    private readonly folder: RawFolder,
    private readonly manifest: Manifest,
  ) {}

  async calls(): Promise<RecordedCalls> {
    const log = await readCalls(this.folder.input(CALLS));
    const first = this.firstOf(log.calls);
    for (const call of log.calls.slice(0, first)) leaveCall(this.folder.account, call, BEFORE);
    const calls = log.calls.slice(first);
    for (const { name, thread, result, timeUs } of calls) {
      if (BEGINS.test(name) && result > 0) this.begins(result, timeUs);
      this.begins(thread, timeUs);
    }
    return { ...log, calls, places: calls.map(() => CALL_PLACE) };
  }

  private begins(thread: number, timeUs: number): void {
    if (!this.known.has(thread)) this.known.set(thread, timeUs);
  }

  /** A thread may run before the call that begins it has returned: its faults wait for that. */
  private timeOf(thread: number, timeUs: number): number {
    const known = this.known.get(thread) ?? 0;
    return known - timeUs < BIRTH_US ? Math.max(known, timeUs) : timeUs;
  }

  /** Index of the call by which the shell that waits becomes the program; it was a shell by the first one. */
  private firstOf(calls: readonly Call[]): number {
    const { program } = this.manifest;
    if (program.command === undefined) return 0;
    const execs = calls.flatMap(({ name, thread, result }, i) =>
      /^execve(at)?$/.test(name) && thread === program.pid && result === 0 ? [i] : [],
    );
    return execs[1] ?? calls.length;
  }

  async *accesses(): AsyncGenerator<AccessBatch> {
    if (!this.folder.files.includes(FAULTS)) return;
    const input = this.folder.input(FAULTS);
    const faults = await readFaults(input, undefined);
    // Faults have the monotonic clock, and calls that of the day.
    const { monotonic_ns: monotonic, realtime_ns: realtime } = this.manifest.clocks.start;
    const offsetUs = Number((BigInt(realtime) - BigInt(monotonic)) / 1000n);
    const reorder = new Reorder();
    for (const { timeUs, thread, page, write } of faults) {
      if (thread === undefined) input.account.leave('faults that do not say whose they are');
      else if (reorder.add(this.timeOf(thread, timeUs + offsetUs), FAULT_PLACE, thread, page, kindOf(write)))
        yield reorder.take();
    }
    yield reorder.take(true);
  }
}

function kindOf(write: boolean | undefined): number {
  if (write === undefined) return ACCESS.unknown;
  return write ? ACCESS.write : ACCESS.read;
}
