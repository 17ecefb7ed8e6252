import { tracepointFields } from '../../faults/fields.js';
import type { RawFolder } from '../folder.js';
import type { Manifest } from '../manifest.js';
import { Reorder } from '../order.js';
import { ACCESS, type AccessBatch, type RawRecording, type RecordedCalls } from '../source.js';
import { TraceCalls } from './calls.js';
import { TraceLine } from './line.js';
import { LookUp } from './look-up.js';
import { SeenObjects } from './objects.js';

const TRACE = 'trace.txt';
const OBJECTS = 'objects.txt';
const EXECS = /^execve(at)?$/;

/** Digits of an address that are within a page. */
const OFFSET_DIGITS = 3;
/** Addresses of this many digits are the kernel's. */
const KERNEL_DIGITS = 16;

/** The page of a fault, or why it is no access of a program. */
function pageOf(address: string | undefined): number | string {
  // The kernel prints its own addresses by their symbols.
  if (address === undefined || (address.length === KERNEL_DIGITS && address >= '8'))
    return 'faults on kernel addresses';
  return Number.parseInt(address.slice(0, -OFFSET_DIGITS) || '0', 16);
}

/** Says which faults are the program's. */
class Faults {
  private readonly line = new TraceLine();
  private number = 0;
  private started: boolean;
  /** Threads within execve: which memory their faults are on is not known. */
  private readonly execing = new Set<number>();

  constructor(
    private readonly program: number | undefined,
    private readonly reorder: Reorder,
    private readonly leave: (what: string) => void,
  ) {
    this.started = program === undefined;
  }

  /** Returns whether accesses are to be taken. */
  read(text: string): boolean {
    this.number++;
    // Most lines are faults, and of the others few matter here.
    const fault = text.includes(': page_fault_');
    if (!fault && !text.includes('exec')) return false;
    const { line } = this;
    const kind = line.read(text);
    if (kind === 'fault') return this.fault(line);
    if (kind === 'exec') {
      this.started ||= line.thread === this.program;
      this.execing.delete(line.thread);
      this.execing.delete(line.number);
    } else if (kind === 'enter' && EXECS.test(line.name)) this.execing.add(line.thread);
    else if (kind === 'exit' && EXECS.test(line.name)) this.execing.delete(line.thread);
    return false;
  }

  private fault({ event, thread, timeUs }: TraceLine): boolean {
    const fields = tracepointFields(event);
    const page = pageOf(fields?.address);
    const left = this.leftFor(page, thread);
    if (left !== undefined) {
      this.leave(left);
      return false;
    }
    const kind = fields!.write ? ACCESS.write : ACCESS.read;
    return this.reorder.add(timeUs, this.number, thread, page as number, kind);
  }

  private leftFor(page: number | string, thread: number): string | undefined {
    if (!this.started) return 'faults from before the program began';
    if (this.execing.has(thread)) return 'faults of the kernel while a program begins';
    return typeof page === 'string' ? page : undefined;
  }
}

/** A recording of the engine `tracefs`: the text of an instance of ftrace. */
export class TracefsRecording implements RawRecording {
  readonly called = 'faults';
  private readonly program: number | undefined;

  constructor(
    private readonly folder: RawFolder,
    { program }: Manifest,
  ) {
    this.program = program.command === undefined ? undefined : program.pid;
  }

  async calls(): Promise<RecordedCalls> {
    const { file, account } = this.folder.input(TRACE);
    const reader = new TraceCalls(file, account, this.program);
    for await (const lines of this.folder.lines(TRACE)) for (const line of lines) reader.read(line);
    const seen = new SeenObjects();
    if (this.folder.files.includes(OBJECTS))
      for await (const lines of this.folder.lines(OBJECTS))
        for (const line of lines) seen.read(line, account);
    const placed = new LookUp(reader.finish(), seen).complete();
    return {
      calls: placed.map(({ call }) => call),
      places: placed.map(({ line }) => line),
      clock: 'relative',
      children: new Map(),
      attached: undefined,
      relations: new Map(),
      closes: true,
    };
  }

  async *accesses(): AsyncGenerator<AccessBatch> {
    const { account } = this.folder;
    const reorder = new Reorder();
    const faults = new Faults(this.program, reorder, (what) => account.leave(what));
    for await (const lines of this.folder.lines(TRACE))
      for (const line of lines) if (faults.read(line)) yield reorder.take();
    yield reorder.take(true);
  }
}
