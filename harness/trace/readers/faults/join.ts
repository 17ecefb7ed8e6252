import { InputError } from '../../../base/errors.js';
import type { Draft } from '../calls/drafts.js';
import type { InputFile } from '../reader.js';
import { clockOffset, type FreshMemory } from './clocks.js';
import { leftFor, MappedMemory, mappedBy } from './mapped.js';
import { type RecordedFault, readFaults } from './side.js';

/** A log of calls as far as faults are joined with it. */
export interface JoinedLog {
  /** By time. */
  readonly drafts: readonly Draft[];
  /** The spaces of threads, in the order of calls: the last one counts where an id came again. */
  readonly ownerships: readonly { readonly thread: number; readonly space: number }[];
}

/** A fault of a space of the log. */
interface SpaceFault extends RecordedFault {
  readonly space: number;
}

/** Puts the accesses of faults between the events of a log. */
class Joiner {
  readonly drafts: Draft[] = [];
  private readonly memory = new MappedMemory();
  private next = 0;
  private nowUs = Number.NEGATIVE_INFINITY;
  private unkinded = 0;

  constructor(
    private readonly faults: readonly SpaceFault[],
    private readonly offsetUs: number,
    private readonly file: InputFile,
  ) {}

  /** Adds a draft, after the faults from before it. */
  add(draft: Draft): void {
    this.until(draft.timeUs);
    this.memory.apply(draft);
    this.drafts.push(draft);
    this.nowUs = Math.max(this.nowUs, draft.timeUs);
  }

  finish(): void {
    this.until(Number.POSITIVE_INFINITY);
    this.file.account.remark(
      'faults that do not say whether they read or wrote, taken for writes where memory may be written',
      this.unkinded,
    );
  }

  private until(timeUs: number): void {
    for (; this.next < this.faults.length; this.next++) {
      const fault = this.faults[this.next]!;
      const at = fault.timeUs - this.offsetUs;
      if (at >= timeUs) return;
      this.fault(fault, at);
    }
  }

  private fault({ space, thread, page, write }: SpaceFault, timeUs: number): void {
    const use = this.memory.of(space)?.useOf(page);
    const left = leftFor(use, write);
    if (left !== undefined) {
      this.file.account.leave(left);
      return;
    }
    if (write === undefined) this.unkinded++;
    this.file.account.use();
    this.nowUs = Math.max(this.nowUs, timeUs);
    const op = (write ?? use === 'write') ? 'write' : 'read';
    const fields = { space, page, count: 1, ...(thread === undefined ? {} : { thread }) };
    this.drafts.push({ kind: 'event', timeUs: this.nowUs, op, fields });
  }
}

/** The faults of threads of the log; others are left out. */
function inSpaces(
  faults: readonly RecordedFault[],
  { ownerships }: JoinedLog,
  file: InputFile,
): SpaceFault[] {
  const spaceOf = new Map(ownerships.map(({ thread, space }) => [thread, space]));
  const spaces = new Set(spaceOf.values());
  const only = spaces.size === 1 ? [...spaces][0] : undefined;
  return faults.flatMap((fault) => {
    const { thread, process } = fault;
    const named = spaceOf.get(thread ?? -1) ?? spaceOf.get(process ?? -1);
    const space = thread === undefined ? only : named;
    if (space !== undefined) return [{ ...fault, space }];
    file.account.leave(
      thread === undefined
        ? 'faults that do not say whose they are'
        : 'faults of threads that are not in the log',
    );
    return [];
  });
}

/** Memory as it is mapped, which has no pages yet. */
function freshMemory(drafts: readonly Draft[]): FreshMemory[] {
  return drafts.flatMap((draft) => {
    const map = mappedBy(draft);
    if (!map) return [];
    const { space, page, count } = map;
    return [{ timeUs: draft.timeUs, start: page, end: page + count, space }];
  });
}

/**
 * Joins page faults with a log of calls: faults in memory that is followed become accesses, the others are left out by
 * count. The clocks are compared by what must follow one another: memory is mapped before it is used.
 *
 * @throws InputError with the line of the faults that is wrong, or where nothing tells how the clocks lie
 */
export async function joinFaults(log: JoinedLog, file: InputFile): Promise<readonly Draft[]> {
  const faults = inSpaces(await readFaults(file, undefined), log, file);
  if (faults.length === 0)
    throw new InputError('no faults of a thread of the log, expected some, with addresses and times', {
      file: file.file,
    });
  const names = { what: 'mappings of the log', fewest: 1, file: file.file };
  const { offset, followed } = clockOffset(freshMemory(log.drafts), faults, names);
  if (followed === 1) file.account.remark('mapping by which alone the clocks are compared');
  const joiner = new Joiner(faults, offset, file);
  for (const draft of log.drafts) joiner.add(draft);
  joiner.finish();
  return joiner.drafts;
}
