import { BlockBuilder, type EventBlock } from '../../block.js';
import type { LineAccount } from '../account.js';
import type { Draft } from '../calls/drafts.js';
import type { FollowedLog } from '../calls/follow.js';
import { DraftWriter } from '../calls/writer.js';
import { leftFor, MappedMemory } from '../faults/mapped.js';
import type { Regions } from '../faults/regions.js';
import { KnownContents } from './contents.js';
import { ACCESS, type AccessBatch, NO_CONTENT, type RawRecording, type RecordedCalls } from './source.js';

/** What the calls of a recording became, and where. */
export interface FollowedRecording {
  readonly calls: RecordedCalls;
  readonly log: FollowedLog;
}

/** Puts the accesses of a recording between the events that its calls became. */
export class RecordingWriter {
  readonly builder = new BlockBuilder();
  private readonly drafts: DraftWriter;
  private readonly memory = new MappedMemory();
  /** The space of each thread now. */
  private readonly spaces = new Map<number, number>();
  private readonly done: EventBlock[] = [];
  private readonly known: KnownContents | undefined;
  private nextCall = 0;
  private nextDraft = 0;
  private nextOwner = 0;
  private nowUs = 0;
  private unkinded = 0;
  private around = 0;
  // A run of accesses that are one event: pages that follow each other, of one thread at one time.
  private runTime = 0;
  private runSpace = -1;
  private runThread = 0;
  private runWrite = false;
  private runContent = NO_CONTENT;
  private runPage = 0;
  private runCount = 0;

  constructor(
    private readonly recording: RawRecording,
    private readonly followed: FollowedRecording,
    private readonly account: LineAccount,
  ) {
    const { drafts, startUs, closesKnown } = followed.log;
    if (recording.hasLooks) this.known = new KnownContents();
    this.drafts = new DraftWriter(drafts, 'none', startUs, closesKnown);
  }

  async *blocks(): AsyncGenerator<EventBlock> {
    for await (const batch of this.recording.accesses()) {
      for (let i = 0; i < batch.length; i++) this.access(batch, i);
      yield* this.done.splice(0);
    }
    this.until(Number.POSITIVE_INFINITY, 0);
    this.endRun();
    if (this.builder.length > 0) this.done.push(this.builder.take());
    yield* this.done.splice(0);
    this.account.remark(
      `${this.recording.called} that do not say whether they read or wrote, taken for writes where memory may be written`,
      this.unkinded,
    );
    this.account.remark(
      'read faults in shared memory: pages around them may have been mapped with them, and been used without a fault',
      this.around,
    );
  }

  private access(batch: AccessBatch, i: number): void {
    const timeUs = batch.timeUs[i]!;
    this.until(timeUs, batch.place[i]!);
    const thread = batch.thread[i]!;
    const page = batch.page[i]!;
    const kind = batch.kind[i]!;
    if (kind === ACCESS.look) {
      this.look(timeUs, thread, page, batch.content[i]!);
      return;
    }
    const space = this.spaces.get(thread);
    const regions = space === undefined ? undefined : this.memory.of(space);
    const write = kind === ACCESS.unknown ? undefined : kind === ACCESS.write;
    const use = regions?.useOf(page);
    const left =
      space === undefined
        ? `${this.recording.called} of threads that are not in the recording`
        : leftFor(use, write, this.recording.called);
    if (space === undefined || left !== undefined) {
      this.account.leave(left!);
      return;
    }
    if (write === undefined) this.unkinded++;
    this.account.use();
    const writes = write ?? use === 'write';
    if (writes) this.known?.set(space, page);
    this.touch(timeUs, space, thread, writes, page, batch.content[i]!);
    this.countAround(regions!, write, page);
  }

  /** A page holds what the trace does not say yet: so something has written it, which is in no other record. */
  private look(timeUs: number, process: number, page: number, content: number): void {
    const space = this.spaces.get(process);
    const regions = space === undefined ? undefined : this.memory.of(space);
    const left = leftFor(regions?.useOf(page), true, 'contents of pages');
    if (space === undefined || left !== undefined) {
      this.account.leave(left!);
      return;
    }
    const before = this.known!.of(space, page);
    // A page of zeros that was only read is no write.
    if (before === content || (before === undefined && content === 0)) {
      this.account.join();
      return;
    }
    this.account.use();
    this.known!.set(space, page, content);
    this.touch(timeUs, space, process, true, page, content);
  }

  /** The kernel maps pages of objects that are in memory together with one that a read fault is on (fault-around). */
  private countAround(regions: Regions, write: boolean | undefined, page: number): void {
    if (this.recording.called === 'faults' && write !== true && regions.isShared(page)) this.around++;
  }

  private touch(
    timeUs: number,
    space: number,
    thread: number,
    write: boolean,
    page: number,
    content: number,
  ): void {
    this.nowUs = Math.max(this.nowUs, timeUs - this.followed.log.startUs);
    const joins =
      page === this.runPage + this.runCount &&
      write === this.runWrite &&
      content === this.runContent &&
      space === this.runSpace &&
      thread === this.runThread &&
      this.nowUs === this.runTime;
    if (joins) {
      this.runCount++;
      return;
    }
    this.endRun();
    this.runTime = this.nowUs;
    this.runSpace = space;
    this.runThread = thread;
    this.runWrite = write;
    this.runContent = content;
    this.runPage = page;
    this.runCount = 1;
  }

  private endRun(): void {
    if (this.runCount === 0) return;
    this.room();
    const { runTime, runWrite, runSpace, runPage, runCount, runThread, runContent } = this;
    if (runContent === NO_CONTENT)
      this.builder.addTouch(runTime, runWrite, runSpace, runPage, runCount, runThread);
    else
      this.builder.add(runTime, 'write', {
        space: runSpace,
        thread: runThread,
        page: runPage,
        count: runCount,
        content: runContent,
      });
    this.runCount = 0;
  }

  /** Applies the calls that ended before a place. */
  private until(timeUs: number, place: number): void {
    const { calls, places } = this.followed.calls;
    for (; this.nextCall < calls.length; this.nextCall++) {
      const call = calls[this.nextCall]!;
      if (call.timeUs > timeUs || (call.timeUs === timeUs && places[this.nextCall]! > place)) return;
      this.apply(this.nextCall);
    }
  }

  private apply(call: number): void {
    const { drafts, draftsAfter, ownerships } = this.followed.log;
    if (this.nextDraft < draftsAfter[call]!) this.endRun();
    for (; this.nextDraft < draftsAfter[call]!; this.nextDraft++) this.add(drafts[this.nextDraft]!);
    for (; ownerships[this.nextOwner]?.call === call; this.nextOwner++) {
      const { thread, space } = ownerships[this.nextOwner]!;
      this.spaces.set(thread, space);
    }
  }

  private add(draft: Draft): void {
    this.memory.apply(draft);
    this.nowUs = Math.max(this.nowUs, draft.timeUs - this.followed.log.startUs);
    for (const [op, fields] of this.drafts.eventsOf(draft)) {
      this.room();
      this.builder.add(this.nowUs, op, fields);
    }
  }

  private room(): void {
    if (this.builder.full) this.done.push(this.builder.take());
  }
}
