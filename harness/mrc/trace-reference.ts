import type { EventBlock } from '../trace/block.js';
import { OP } from '../trace/op.js';
import { DenseIds } from '../trace/requests/dense-ids.js';
import { StreamedTrace } from '../trace/streamed.js';
import type { Trace } from '../trace/trace.js';
import { BATCH_REQUESTS, type ReferenceBatch, type ReferenceString } from './reference.js';

const TWO_32 = 2 ** 32;

/**
 * The pages that a trace of ours touches: read and write name pages of a space, pread and pwrite pages of an object. A
 * page is (space, page) or (object, page); the same page of a shared object is another one in each space that maps it.
 */
export class TraceReference implements ReferenceString {
  readonly rereadable: boolean;

  /** @param trace kept somewhere, or a stream, which can be read once */
  constructor(private readonly trace: Trace | StreamedTrace) {
    this.rereadable = !(trace instanceof StreamedTrace);
  }

  get sample(): number {
    return this.trace.meta.sample;
  }

  get name(): string {
    return this.trace.name;
  }

  async *batches(): AsyncGenerator<ReferenceBatch> {
    const ids = new Int32Array(BATCH_REQUESTS);
    const table = new DenseIds();
    let length = 0;
    for await (const block of this.trace.blocks()) {
      for (let row = 0; row < block.length; row++) {
        const volume = volumeOf(block, row);
        if (volume === undefined) continue;
        const count = block.count[row]!;
        const step = count < 0 ? -1 : 1;
        let page = block.page[row]!;
        for (let left = Math.abs(count); left > 0; left--, page += step) {
          ids[length++] = table.id(page >>> 0, Math.floor(page / TWO_32), volume);
          if (length < ids.length) continue;
          yield { ids, length, distinct: table.size };
          length = 0;
        }
      }
    }
    if (length > 0) yield { ids, length, distinct: table.size };
  }
}

/** What an event's pages are pages of: a space (0 and up) or an object (below 0); undefined where it touches none. */
function volumeOf(block: EventBlock, row: number): number | undefined {
  switch (block.op[row]) {
    case OP.read:
    case OP.write:
      return block.space[row]!;
    case OP.pread:
    case OP.pwrite:
      return -1 - block.text[row]!;
    default:
      return undefined;
  }
}
