import type { LineAccount } from '../../account.js';
import { NO_CONTENT } from '../source.js';
import type { ImageFile } from './file.js';
import type { Span } from './merge.js';
import { RECORD } from './words.js';

/** The hash of a page of zeros. */
const ZEROS = '0x0';

/**
 * What writes left in their pages. A content record says what a page has at its place, which is what the last write before it
 * made; of writes between two such records only the last is known. Equal hashes are one id, and that of zeros is 0.
 */
export class RecordedContents {
  private readonly ids = new Map([[ZEROS, 0]]);
  /** By access, counted from the first one of the recording: the content id. */
  private readonly byWrite = new Map<number, number>();
  private readonly lastWrites = new Map<ImageFile, Map<number, number>>();
  private accesses = 0;

  constructor(private readonly account: LineAccount) {}

  /** Takes the records of a span. Spans come in the order in which accesses are counted. */
  read({ image, from, to }: Span): void {
    const { words } = image;
    let last = this.lastWrites.get(image);
    if (!last) {
      last = new Map();
      this.lastWrites.set(image, last);
    }
    for (let at = from; at < to; at += words.sizeAt(at)) {
      const kind = words.kind(at);
      if (kind === RECORD.content) this.content(last.get(words.payload(at)), words.hex(at + 1));
      if (kind > RECORD.fetch) continue;
      const count = words.bits(at) + 1;
      if (kind === RECORD.write)
        for (let i = 0; i < count; i++) last.set(words.page(at) + i, this.accesses + i);
      this.accesses += count;
    }
  }

  private content(write: number | undefined, hash: string): void {
    if (write === undefined) {
      // They are inherited, or written by another process.
      this.account.leave('contents of pages that their process has not written since it began');
      return;
    }
    this.account.join();
    let id = this.ids.get(hash);
    if (id === undefined) {
      id = this.ids.size;
      this.ids.set(hash, id);
    }
    this.byWrite.set(write, id);
  }

  /** The content id that an access left, by its number. */
  of(access: number): number {
    return this.byWrite.get(access) ?? NO_CONTENT;
  }
}
