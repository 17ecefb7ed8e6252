import { PAGE_BYTES } from '../../../../base/page.js';
import type { LineAccount } from '../../account.js';
import { type Call, type SeenObject, THREAD_END } from '../../calls/call.js';
import { isFollowed } from '../../calls/calls-table.js';
import { namedArguments } from '../../calls/constants.js';
import { UNRELATED } from '../../calls/scene.js';
import { callsThatMap, impliedCall, type MapsLine } from '../maps-text.js';
import { CALL_NAMES } from './call-names.js';
import type { ImageFile } from './file.js';
import type { Span } from './merge.js';
import { RECORD } from './words.js';

const ARGUMENTS = 6;
const NS_PER_US = 1000;
const TWO_32 = 2 ** 32;
const THREAD_FLAGS = ['flags=CLONE_VM|CLONE_FILES|CLONE_THREAD'];
const FORK_FLAGS = ['flags=SIGCHLD'];
/** Calls that what happens to images tells of. */
const TOLD_BY_IMAGES = new Set(['fork', 'vfork', 'clone', 'clone3', 'execve', 'execveat', 'exit_group']);

/** Bits of a record of a mapping. */
const MAPPED = { read: 1, write: 2, execute: 4, file: 8, shared: 16, stack: 64 } as const;

/** What stands before a call and belongs to it. */
interface Pending {
  readonly objects: Map<number, SeenObject>;
  readonly texts: Map<number, string>;
}

/** Makes calls of the records of all images, and counts the records that are not accesses. */
export class ImageCalls {
  readonly calls: Call[] = [];
  /** The number of the record that each call is made of. */
  readonly places: number[] = [];
  private record = 0;
  private readonly pending = new Map<ImageFile, Pending>();
  /** Threads that have run, by the process. */
  private readonly threads = new Map<number, Set<number>>();
  private readonly maps = new Map<ImageFile, MapsLine[]>();
  /** Calls that map what an image begins with, by their first page, until its first brk. */
  private readonly firstMaps = new Map<ImageFile, Map<number, number>>();
  private readonly paths = new Map<string, string>();

  constructor(
    private readonly account: LineAccount,
    private readonly file: string,
    private readonly leavesContents: boolean,
  ) {}

  /** The program begins: before it, there is nothing. */
  begin(image: ImageFile): void {
    this.imply(image.header.pid, image.nowUs, 'execve', [JSON.stringify(programOf(image))], 0);
  }

  /** Reads the records of a span. */
  read({ image, from, to, forked, over }: Span): void {
    const { words } = image;
    for (let at = from; at < to; at += words.sizeAt(at)) {
      this.record++;
      this.one(image, at, words.kind(at));
    }
    for (const child of forked) this.forks(image, child);
    if (over) this.ends(image, over.next);
  }

  private one(image: ImageFile, at: number, kind: number): void {
    // Accesses and contents are counted where they are read.
    if (kind <= RECORD.fetch) return;
    if (kind === RECORD.content) {
      if (this.leavesContents) this.account.leave('contents, where the manifest says that there are none');
    } else if (kind === RECORD.map) this.map(image, at);
    else if (kind === RECORD.call) this.call(image, at);
    else if (kind === RECORD.io) this.io(image, at);
    else {
      // These say when, whose and what others are.
      this.context(image, at, kind);
      this.account.join();
    }
  }

  private context(image: ImageFile, at: number, kind: number): void {
    const { words } = image;
    if (kind === RECORD.time) image.nowUs = Math.max(image.nowUs, Math.floor(words.payload(at) / NS_PER_US));
    else if (kind === RECORD.thread) this.runs(image, words.payload(at));
    else if (kind === RECORD.object) this.object(image, at);
    else if (kind === RECORD.string) this.pendingOf(image).texts.set(words.payload(at), words.text(at + 1));
    else if (kind === RECORD.enter) this.pending.delete(image);
  }

  private runs(image: ImageFile, thread: number): void {
    image.thread = thread;
    this.mapped(image);
    const { pid } = image.header;
    const known = this.threads.get(pid) ?? new Set([pid]);
    this.threads.set(pid, known);
    if (known.has(thread)) return;
    known.add(thread);
    this.imply(pid, image.nowUs, 'clone', THREAD_FLAGS, thread);
  }

  /** A mapping that is there when an image begins. */
  private map(image: ImageFile, at: number): void {
    const { words } = image;
    const bits = words.bits(at);
    if ((bits & MAPPED.file) !== 0) {
      this.account.leave('mappings of files that programs begin with');
      return;
    }
    this.account.use();
    const start = words.page(at);
    const end = start + words.number(at + 1);
    const grows = (bits & MAPPED.stack) === 0 ? 0 : Math.floor(words.number(at + 4) / PAGE_BYTES);
    const letter = (bit: number, text: string) => ((bits & bit) === 0 ? '-' : text);
    const line = {
      start: Math.min(start, grows > 0 ? end - grows : start),
      end,
      access: `${letter(MAPPED.read, 'r')}${letter(MAPPED.write, 'w')}${letter(MAPPED.execute, 'x')}${(bits & MAPPED.shared) === 0 ? 'p' : 's'}`,
      offset: words.number(at + 4),
      dev: String(words.number(at + 2)),
      inode: (bits & MAPPED.shared) === 0 ? '0' : String(words.number(at + 3)),
      path: words.text(at + 5),
    };
    this.maps.set(image, [...(this.maps.get(image) ?? []), line]);
  }

  /** Maps what an image begins with, before the first of its threads does anything. */
  private mapped(image: ImageFile): void {
    const maps = this.maps.get(image);
    if (!maps) return;
    this.maps.delete(image);
    const at = { thread: image.header.pid, timeUs: image.nowUs };
    const byPlace = maps.toSorted((a, b) => a.start - b.start);
    // A stack does not reach into what is below it.
    const cut = byPlace.map((map, i) => ({ ...map, start: Math.max(map.start, byPlace[i - 1]?.end ?? 0) }));
    const first = new Map<number, number>();
    for (const call of callsThatMap(at, cut)) {
      first.set(call.result / PAGE_BYTES, this.calls.length);
      this.add(call);
    }
    this.firstMaps.set(image, first);
  }

  /** The page that valgrind maps where the heap will be is not the program's: its heap begins there, empty. */
  private findHeap(image: ImageFile, result: number): void {
    const at = this.firstMaps.get(image)?.get(Math.floor(result / PAGE_BYTES));
    this.firstMaps.delete(image);
    if (at === undefined) return;
    this.calls[at] = impliedCall(this.calls[at]!, 'brk', ['0x0'], result);
  }

  private object(image: ImageFile, at: number): void {
    const { words } = image;
    const identity = `${words.number(at + 1)} ${words.number(at + 2)}`;
    const path = words.text(at + 5);
    this.paths.set(identity, path);
    this.pendingOf(image).objects.set(words.payload(at), { identity, path, bytes: words.number(at + 3) });
  }

  private call(image: ImageFile, at: number): void {
    const { words } = image;
    const number = words.payload(at);
    const name = CALL_NAMES.get(number) ?? `number ${number}`;
    const result = words.result(at + 1);
    const { objects, texts } = this.pendingOf(image);
    this.pending.delete(image);
    if (TOLD_BY_IMAGES.has(name)) {
      if (result < 0) this.account.leave(`calls of ${name} that failed`);
      else this.account.join();
      return;
    }
    if (name === 'brk') this.findHeap(image, result);
    if (!isFollowed(name)) {
      this.account.leave(UNRELATED);
      return;
    }
    const raw = Array.from({ length: ARGUMENTS }, (_, i) => words.hex(at + 2 + i));
    const args = namedArguments(name, raw).map((arg, i) => {
      const text = texts.get(i);
      return text === undefined ? arg : JSON.stringify(text);
    });
    this.add({
      ...this.base(image),
      name,
      args,
      result: result < 0 ? -1 : result,
      errno: result < 0 ? `errno ${-result}` : undefined,
      objects: objects.size > 0 ? objects : undefined,
      lines: 1,
    });
  }

  /** A file that was read or written, at a place that the tool knows. */
  private io(image: ImageFile, at: number): void {
    const { words } = image;
    const fd = words.payload(at) % TWO_32;
    const name = words.payload(at) >= TWO_32 ? 'pwrite64' : 'pread64';
    const identity = `${words.number(at + 1)} ${words.number(at + 2)}`;
    const { objects } = this.pendingOf(image);
    this.pending.delete(image);
    const object = objects.get(fd) ?? { identity, path: this.paths.get(identity) ?? '', bytes: -1 };
    const bytes = words.number(at + 4);
    const args = [String(fd), '0', String(bytes), String(words.number(at + 3))];
    this.add({
      ...this.base(image),
      name,
      args,
      result: bytes,
      errno: undefined,
      objects: new Map([[fd, object]]),
      lines: 1,
    });
  }

  private forks(image: ImageFile, child: ImageFile): void {
    this.imply(image.thread, image.nowUs, 'clone', FORK_FLAGS, child.header.pid);
    this.threads.set(child.header.pid, new Set([child.header.pid]));
  }

  /** An image ends: its process goes on with another one, or has ended. */
  private ends(image: ImageFile, next: ImageFile | undefined): void {
    const { pid } = image.header;
    if (image.words.isCut) this.account.leave('records that are cut short');
    const threads = this.threads.get(pid) ?? new Set([pid]);
    for (const thread of threads) if (thread !== pid) this.imply(thread, image.nowUs, THREAD_END, [], 0);
    if (next) this.imply(pid, image.nowUs, 'execve', [JSON.stringify(programOf(next))], 0);
    else this.imply(pid, image.nowUs, THREAD_END, [], 0);
    this.threads.set(pid, new Set([pid]));
  }

  private imply(thread: number, timeUs: number, name: string, args: readonly string[], result: number): void {
    this.add(impliedCall({ thread, timeUs }, name, args, result));
  }

  private base({ thread, nowUs }: ImageFile) {
    const place = { file: this.file };
    return { thread, timeUs: nowUs, files: new Map<number, string>(), durationNs: undefined, place };
  }

  private add(call: Call): void {
    this.calls.push(call);
    this.places.push(this.record);
  }

  private pendingOf(image: ImageFile): Pending {
    const known = this.pending.get(image) ?? { objects: new Map(), texts: new Map() };
    this.pending.set(image, known);
    return known;
  }
}

/** The program of an image: the first word of its command. */
function programOf({ header: { command } }: ImageFile): string {
  return command.split(' ')[0] ?? '';
}
