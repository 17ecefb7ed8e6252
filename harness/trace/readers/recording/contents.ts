import { InputError } from '../../../base/errors.js';
import type { LineAccount } from '../account.js';
import type { RawFolder } from './folder.js';
import type { Manifest } from './manifest.js';
import { ACCESS, AccessBatch, NO_CONTENT, type RawRecording, type RecordedCalls } from './source.js';

/** What pages were seen to hold, as text. Source of the form: harness/record/README.md. */
export const CONTENTS = 'contents.txt';

const LOOK = /^look (\d{1,19}) (\d{1,19}) (\d{1,10})$/;
const LEFT = /^(large|denied) (\d{1,10})(?: (\d{1,15}))?$/;
const HELD = /^([0-9a-f]{1,13}) (\d{1,9})(?: ([0-9a-f]{1,16}))?$/;
const NS_PER_US = 1000n;
/** After all that is recorded of the same µs. */
const LAST_PLACE = Number.MAX_SAFE_INTEGER;
const ZEROS = '0';
/** Pages of one look, which are read at a time. */
const MOST_PAGES = 256;

/** Reads `contents.txt`: a row for each page that was looked at, of the kind `look`. */
class Looks {
  private readonly ids = new Map([[ZEROS, 0]]);
  /** What each process's pages held when last looked at. */
  private readonly last = new Map<number, Map<number, number>>();
  private pid = 0;
  private timeUs = Number.NEGATIVE_INFINITY;
  private number = 0;

  constructor(
    private readonly file: string,
    private readonly account: LineAccount,
    private readonly offsetUs: number,
  ) {}

  /** @throws InputError where it is no line of this form */
  read(text: string, into: AccessBatch): void {
    this.number++;
    const held = HELD.exec(text);
    const look = LOOK.exec(text);
    if (held) this.held(Number.parseInt(held[1]!, 16), Number(held[2]), held[3], into);
    else if (look) this.look(look);
    else this.left(text);
  }

  private look([, , to, pid]: RegExpExecArray): void {
    this.timeUs = Math.max(this.timeUs, Number(BigInt(to!) / NS_PER_US) + this.offsetUs);
    this.pid = Number(pid);
    this.account.join();
  }

  private left(text: string): void {
    const [, why] = LEFT.exec(text) ?? [];
    if (why === undefined) throw this.wrong('expected a look, or a page, how many, and a hash');
    this.account.leave(
      why === 'large'
        ? 'mappings that are too large to look at their contents'
        : 'looks at contents that this user may not see',
    );
  }

  private held(page: number, count: number, hash: string | undefined, into: AccessBatch): void {
    if (this.timeUs === Number.NEGATIVE_INFINITY) throw this.wrong('expected a look before the first page');
    if (count === 0 || count > MOST_PAGES) throw this.wrong(`expected 1 to ${MOST_PAGES} pages`);
    let last = this.last.get(this.pid);
    if (!last) {
      last = new Map();
      this.last.set(this.pid, last);
    }
    const now = hash === undefined ? undefined : this.idOf(hash);
    for (let at = page; at < page + count; at++) {
      const id = now ?? last.get(at);
      if (id === undefined) throw this.wrong('expected a hash: the page was not looked at before');
      last.set(at, id);
      into.add(this.timeUs, LAST_PLACE, this.pid, at, ACCESS.look, id);
    }
  }

  private idOf(hash: string): number {
    let id = this.ids.get(hash);
    if (id === undefined) {
      id = this.ids.size;
      this.ids.set(hash, id);
    }
    return id;
  }

  private wrong(what: string): InputError {
    return new InputError(`is no line of contents, ${what}`, { file: this.file, line: this.number });
  }
}

/** A recording with what its pages held, which was looked at while its engine recorded. */
export class WithContents implements RawRecording {
  readonly called: string;
  readonly hasLooks = true;
  private clock: RecordedCalls['clock'] = 'relative';

  constructor(
    private readonly recording: RawRecording,
    private readonly folder: RawFolder,
    private readonly manifest: Manifest,
  ) {
    this.called = recording.called;
  }

  async calls(): Promise<RecordedCalls> {
    const calls = await this.recording.calls();
    this.clock = calls.clock;
    return calls;
  }

  /** Accesses and looks by their time. */
  async *accesses(): AsyncGenerator<AccessBatch> {
    const accesses = new Cursor(this.recording.accesses());
    const looks = new Cursor(this.looks());
    let batch = new AccessBatch();
    let a = await accesses.next();
    let b = await looks.next();
    while (a || b) {
      const first = b === false || (a && accesses.timeUs <= looks.timeUs) ? accesses : looks;
      first.moveTo(batch);
      if (batch.full) {
        yield batch;
        batch = new AccessBatch();
      }
      if (!first.step()) {
        if (first === accesses) a = await accesses.next();
        else b = await looks.next();
      }
    }
    yield batch;
  }

  private async *looks(): AsyncGenerator<AccessBatch> {
    const { start } = this.manifest.clocks;
    const offsetUs =
      this.clock === 'epoch'
        ? Number((BigInt(start.realtime_ns) - BigInt(start.monotonic_ns)) / NS_PER_US)
        : 0;
    const { file, account } = this.folder.input(CONTENTS);
    const looks = new Looks(file, account, offsetUs);
    let batch = new AccessBatch();
    for await (const lines of this.folder.lines(CONTENTS))
      for (const line of lines) {
        looks.read(line, batch);
        if (batch.room >= MOST_PAGES) continue;
        yield batch;
        batch = new AccessBatch();
      }
    yield batch;
  }
}

/** A place in batches. */
class Cursor {
  private batch = new AccessBatch();
  private at = 0;

  constructor(private readonly batches: AsyncGenerator<AccessBatch>) {}

  get timeUs(): number {
    return this.batch.timeUs[this.at]!;
  }

  /** Takes the next batch that holds anything. Returns whether there is one. */
  async next(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.batches.next();
      if (done) return false;
      this.batch = value;
      this.at = 0;
      if (value.length > 0) return true;
    }
  }

  /** Goes to the next row of the batch. Returns whether there is one. */
  step(): boolean {
    return ++this.at < this.batch.length;
  }

  /** Appends the row to a batch. */
  moveTo(other: AccessBatch): void {
    const { batch, at } = this;
    const { timeUs, place, thread, page, kind, content } = batch;
    other.add(timeUs[at]!, place[at]!, thread[at]!, page[at]!, kind[at]!, content[at]!);
  }
}

/** What pages hold by the trace so far, for a recording with looks. */
export class KnownContents {
  private readonly spaces = new Map<number, Map<number, number>>();

  /** What a page holds: `NO_CONTENT` where it was written since; undefined where nothing was ever written. */
  of(space: number, page: number): number | undefined {
    return this.spaces.get(space)?.get(page);
  }

  set(space: number, page: number, content: number = NO_CONTENT): void {
    let pages = this.spaces.get(space);
    if (!pages) {
      pages = new Map();
      this.spaces.set(space, pages);
    }
    pages.set(page, content);
  }
}
