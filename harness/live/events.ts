import { InputError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import { Refusal } from '../contract/refusal.js';
import type { LockCall } from '../contract/target.js';
import type { PageRange } from '../policy/discard/contract.js';
import {
  type ArgOf,
  type CgroupArg,
  type ContentArg,
  type FadviseArg,
  type FallocateArg,
  FILE_ADVICE,
  type LockAllArg,
  type MapArg,
  type ObjectArg,
  type PrctlArg,
  type RemapArg,
} from '../trace/args.js';
import type { EventBlock } from '../trace/block.js';
import { type Advice, HAS, OP } from '../trace/op.js';
import type { Account } from './account.js';
import { Addresses } from './addresses.js';
import { Answers } from './answers.js';
import { PUNCH_MODE } from './kernel.js';
import { Layout, type LiveObject, type LiveSpace } from './layout.js';
import { PENDING, PendingOps } from './pending.js';
import { ADVICE_VALUES, FLAG, KEEPER, LIVE_OP } from './protocol.js';
import type { Session } from './session.js';
import { REFUSALS } from './setup.js';
import type { LiveSystem } from './system.js';

/** @throws Refusal where a space has a score: a run ends where the kernel kills, whichever space that is */
function mustHaveNoScore(oomScoreAdj: number | undefined): void {
  if (oomScoreAdj !== undefined)
    throw new Refusal(
      'oom_score_adj is not set on a live machine: a run ends where its kernel kills a space',
    );
}

/** FALLOC_FL_ZERO_RANGE. Source: include/uapi/linux/falloc.h. */
const ZERO_MODE = 16;
/** Source: include/uapi/asm-generic/mman.h. */
const MLOCK_ONFAULT = 1;
/** Flags of an op of the executor for those of a mapping. */
const MAP_FLAGS: Readonly<Record<string, number>> = {
  ro: FLAG.ro,
  rofd: FLAG.roFd,
  exec: FLAG.exec,
  locked: FLAG.locked,
  random: FLAG.random,
  sequential: FLAG.sequential,
  populate: FLAG.populate,
  droppable: FLAG.droppable,
};

/** What a call has besides its range. */
interface CallDetails {
  readonly a?: number;
  readonly b?: number;
  /** What the program will not access where it fails. */
  readonly denied?: { readonly page: number; readonly count: number } | undefined;
}

/** How each event of a trace becomes an op of the executor, which is queued, and answered late. */
export abstract class LiveEvents {
  readonly layout = new Layout();
  protected readonly addresses = new Addresses();
  protected readonly pending = new PendingOps();
  protected readonly answers = new Answers(this.pending, this.layout);
  protected readonly session: Session;
  /** The row of the event at hand. */
  protected row = 0;
  private writeWatcher: ((range: PageRange) => void) | undefined;
  private readWatcher: ((range: PageRange) => void) | undefined;
  private fileNumbers = 0;

  protected constructor(
    protected readonly system: LiveSystem,
    protected readonly account: Account,
  ) {
    this.session = system.session;
  }

  watchWrites(watcher: ((range: PageRange) => void) | undefined): void {
    this.writeWatcher = watcher;
  }

  watchReads(watcher: ((range: PageRange) => void) | undefined): void {
    this.readWatcher = watcher;
  }

  touch(block: EventBlock, row: number): void {
    const space = this.layout.space(block.space[row]!);
    const page = block.page[row]!;
    const count = block.count[row]!;
    if (count === 0) return;
    const bits = block.fields[row]!;
    const isWrite = block.op[row] === OP.write;
    const lowest = count < 0 ? page + count + 1 : page;
    (isWrite ? this.writeWatcher : this.readWatcher)?.({
      space: space.id,
      page: lowest,
      count: Math.abs(count),
    });
    let code: number = LIVE_OP.read;
    if (isWrite) {
      const flags = bits & HAS.content ? (bits & HAS.contentUp ? FLAG.up : 0) : FLAG.unique;
      code = LIVE_OP.write | flags;
    }
    const live = this.addresses.live(lowest, Math.abs(count)) + (page - lowest);
    const index = this.session.queue(code, space.slot, live, count, block.content[row]!, 0);
    this.pending.note(index, PENDING.touch, row, space.id, page, count);
  }

  spawn(id: number, name: string, oomScoreAdj: number | undefined): void {
    mustHaveNoScore(oomScoreAdj);
    this.account.begins('spawned');
    this.queue(LIVE_OP.spawn, this.layout.addSpace(id, name, 'spawned'), 0, 0, 0, 0);
  }

  fork(id: number, child: number, oomScoreAdj: number | undefined): void {
    mustHaveNoScore(oomScoreAdj);
    const space = this.layout.space(id);
    const made = this.layout.addSpace(child, space.name, 'forked');
    this.account.begins('forked');
    this.account.groupsBelow?.forked(space, made);
    const index = this.queue(LIVE_OP.fork, space, 0, 0, made.slot, 0);
    this.pending.note(index, PENDING.fork, this.row, id, child, 0);
  }

  exit(id: number): void {
    const space = this.layout.space(id);
    const index = this.queue(LIVE_OP.exit, space, 0, 0, 0, 0);
    this.pending.note(index, PENDING.exit, this.row, id, 0, 0);
    this.answers.willEnd(space);
    this.layout.dropSpace(space);
    this.account.ended(space.origin);
    this.account.groupsBelow?.ended(space);
  }

  map(space: number, page: number, count: number, arg: MapArg): void {
    let code: number = LIVE_OP.map;
    if (arg.kind === 'anon-shared' || arg.kind === 'shared') code |= FLAG.shared;
    const object = arg.name === '' ? undefined : this.open(arg.name);
    if (object) code |= FLAG.object;
    if (arg.flags.has('hugetlb'))
      throw new Refusal('hugetlb mappings are on no live machine: they would take a pool of the host', true);
    for (const flag of arg.flags) code |= MAP_FLAGS[flag] ?? 0;
    const more = { a: object?.number ?? 0, b: arg.offset, denied: { page, count } };
    this.call('map', code, space, page, count, more);
  }

  unmap(space: number, page: number, count: number): void {
    this.call('unmap', LIVE_OP.unmap, space, page, count);
  }

  remap(space: number, page: number, count: number, { to, grow }: RemapArg): void {
    const live = to === undefined ? 0 : this.addresses.live(to, count);
    const denied = to === undefined ? { page: page + count, count: grow } : { page: to, count };
    this.call('remap', LIVE_OP.remap, space, page, count, { a: live, b: grow, denied });
  }

  protect(space: number, page: number, count: number, protection: ArgOf['protect']['protection']): void {
    const flag = protection === 'ro' ? FLAG.ro : protection === 'none' ? FLAG.none : 0;
    const denied = protection === 'none' ? undefined : { page, count };
    this.call('protect', LIVE_OP.protect | flag, space, page, count, { denied });
  }

  lock(space: number, page: number, count: number, call: LockCall): void {
    const code = call === 'unlock' ? LIVE_OP.unlock : LIVE_OP.lock;
    this.call(call, code, space, page, count, { a: call === 'lock onfault' ? MLOCK_ONFAULT : 0 });
  }

  lockAll(id: number, arg: LockAllArg | undefined): void {
    const space = this.layout.space(id);
    const flags = arg ? (arg.current ? 1 : 0) | (arg.future ? 2 : 0) | (arg.onFault ? 4 : 0) : 0;
    const index = this.queue(LIVE_OP.lockall, space, 0, 0, flags, 0);
    this.note(index, arg ? 'mlockall' : 'munlockall', id, 0, 0);
  }

  processMadvise(space: number, target: number, page: number, count: number, advice: Advice): void {
    const more = { a: ADVICE_VALUES[advice]!, b: this.layout.space(target).slot };
    this.call(`process_madvise ${advice}`, LIVE_OP.remote, space, page, count, more);
  }

  madvise(space: number, page: number, count: number, advice: Advice): void {
    this.call(`madvise ${advice}`, LIVE_OP.madvise, space, page, count, { a: ADVICE_VALUES[advice]! });
  }

  dmaPin(space: number, page: number, count: number): void {
    this.call('dma-pin', LIVE_OP.pin, space, page, count);
  }

  dmaUnpin(space: number, page: number, count: number): void {
    this.call('dma-unpin', LIVE_OP.unpin, space, page, count);
  }

  prctl(space: number, { setting, on }: PrctlArg): void {
    const of = setting === 'thp_disable' ? 1 : 0;
    const index = this.queue(LIVE_OP.prctl, this.layout.space(space), 0, 0, on ? 1 : 0, of);
    this.note(index, 'prctl', space, 0, 0);
  }

  object(size: number, arg: ObjectArg): void {
    if (arg.kind !== 'shmem' && arg.kind !== 'file')
      throw new Refusal(`${arg.kind} objects are on no live machine, expected shmem or file`, true);
    if (arg.huge !== undefined && arg.huge !== 'never')
      throw new Refusal(`huge=${arg.huge} is on no live machine, which has no mount of its own`, true);
    const isFile = arg.kind === 'file';
    const object = this.layout.addObject(size, arg);
    const { contents } = arg;
    const flags =
      (contents ? FLAG.content : 0) | (contents?.up ? FLAG.up : 0) | (arg.sealed ? FLAG.sealed : 0);
    if (isFile) this.needFiles();
    const index = this.session.queue(
      LIVE_OP.object | flags | (isFile ? FLAG.file : 0),
      KEEPER,
      isFile ? ++this.fileNumbers : 0,
      size,
      object.number,
      contents?.content ?? 0,
    );
    this.pending.note(index, PENDING.object, this.row, 0, 0, 0);
    this.pending.object[index] = object;
  }

  close(name: string): void {
    const object = this.layout.object(name);
    if (object.closed) return;
    this.ofObject(LIVE_OP.close, object, 0, 0, 0);
    this.layout.close(object);
  }

  truncate(name: string, size: number): void {
    const object = this.open(name);
    object.size = size;
    this.ofObject(LIVE_OP.truncate, object, 0, 0, size * PAGE_BYTES);
  }

  sync(name: string): void {
    this.ofObject(LIVE_OP.sync, this.open(name), 0, 0, 0);
  }

  migrate(): void {
    throw new Refusal(REFUSALS.ops.migrate!);
  }

  cgroup(id: number | undefined, arg: CgroupArg): void {
    const groups = this.account.groups(() => this.layout.living());
    const reclaimed = groups.write(arg);
    if (id !== undefined) groups.join(this.layout.space(id), arg.path);
    if (reclaimed) this.answers.returned('cgroup memory.reclaim', this.row, reclaimed.errno, reclaimed.pages);
  }

  fallocate(page: number, count: number, { mode, name, bytes }: FallocateArg): void {
    const object = this.open(name);
    if (mode === 'alloc') object.size = Math.max(object.size, page + count);
    const start = bytes ? bytes.start : page * PAGE_BYTES;
    const length = bytes ? bytes.length : count * PAGE_BYTES;
    const number = mode === 'punch' ? PUNCH_MODE : mode === 'zero' ? ZERO_MODE : 0;
    const a = this.layout.descriptorOf(object);
    const index = this.session.queue(LIVE_OP.fallocate, KEEPER, start, number, a, length);
    this.note(index, `fallocate ${mode}`, 0, 0, count);
  }

  fadvise(page: number, count: number, { advice, name, bytes }: FadviseArg): void {
    const object = this.open(name);
    if (count === 0 && !bytes) {
      this.answers.called(`fadvise ${advice}`, this.row, 0, 0);
      return;
    }
    const { start, length } = bytes ?? { start: page * PAGE_BYTES, length: count * PAGE_BYTES };
    const a = this.layout.descriptorOf(object);
    const index = this.session.queue(LIVE_OP.fadvise, KEEPER, start, FILE_ADVICE.indexOf(advice), a, length);
    this.note(index, `fadvise ${advice}`, 0, 0, count);
  }

  pread(name: string, page: number, count: number): void {
    this.ofObject(LIVE_OP.pread, this.open(name), page, count, 0);
  }

  pwrite(name: string, page: number, count: number, contents: ContentArg | undefined): void {
    const object = this.open(name);
    object.size = Math.max(object.size, page + count);
    const flags = contents ? (contents.up ? FLAG.up : 0) : FLAG.unique;
    this.ofObject(LIVE_OP.pwrite | flags, object, page, count, contents?.content ?? 0);
  }

  /** Files of the trace are on a disk; those of the last run go. */
  private needFiles(): void {
    if (this.fileNumbers > 0) return;
    this.session.flush();
    const error = this.session.tell(LIVE_OP.files, this.system.filesFolder());
    if (error !== 0) throw new Refusal(`there is no folder for files (${error})`);
  }

  /** An object with a descriptor. @throws InputError when it is closed */
  private open(name: string): LiveObject {
    const object = this.layout.object(name);
    if (object.closed) throw new InputError(`object ${name} is closed, expected its events before its close`);
    return object;
  }

  private queue(
    code: number,
    { slot, id }: LiveSpace,
    page: number,
    count: number,
    a: number,
    b: number,
  ): number {
    const index = this.session.queue(code, slot, page, count, a, b);
    this.pending.note(index, PENDING.none, this.row, id, page, count);
    return index;
  }

  private ofObject(code: number, object: LiveObject, page: number, count: number, b: number): void {
    const index = this.session.queue(code, KEEPER, page, count, object.number, b);
    this.pending.note(index, PENDING.none, this.row, 0, 0, 0);
  }

  /** A call of the trace on a range. One of no pages is not made. */
  private call(
    name: string,
    code: number,
    id: number,
    page: number,
    count: number,
    more: CallDetails = {},
  ): void {
    const { slot } = this.layout.space(id);
    if (count === 0) {
      this.answers.called(name, this.row, 0, 0);
      return;
    }
    const { a = 0, b = 0, denied } = more;
    const live = this.addresses.live(page, count);
    const index = this.session.queue(code, slot, live, count, a, b);
    this.note(index, name, id, denied?.page ?? 0, count);
    this.pending.denied[index] = denied?.count ?? 0;
  }

  private note(index: number, name: string, space: number, page: number, count: number): void {
    this.pending.note(index, PENDING.call, this.row, space, page, count);
    this.pending.name[index] = name;
    this.pending.denied[index] = 0;
  }
}
