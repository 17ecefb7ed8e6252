import { crc32 } from 'node:zlib';
import { EVENT_BYTES, type EventBlock, type StringTable } from '../block.js';
import type { TraceMeta } from '../meta.js';
import {
  BLOCK_CRC_AT,
  BLOCK_HEADER_BYTES,
  BLOCK_TAG,
  END_MAGIC,
  FOOTER_BYTES,
  HEADER_BYTES,
  INDEX_CRC_AT,
  INDEX_ENTRY_BYTES,
  INDEX_HEADER_BYTES,
  INDEX_TAG,
  MAGIC,
  padded,
  type TraceTotals,
  VERSION,
} from './layout.js';

const encoder = new TextEncoder();

interface IndexEntry {
  readonly offset: number;
  readonly firstTime: number;
  readonly events: number;
  readonly strings: number;
}

/** Encodes a trace's binary form piece by piece: `header`, then `block` for each block, then `end`. */
export class BinaryEncoder {
  private readonly entries: IndexEntry[] = [];
  private offset = 0;
  private strings = 0;
  private events = 0;
  private firstTime = 0;
  private lastTime = 0;

  constructor(private readonly table: StringTable) {}

  header(meta: TraceMeta): Uint8Array {
    const json = encoder.encode(JSON.stringify({ meta: meta.entries() }));
    const bytes = new Uint8Array(padded(HEADER_BYTES + json.length));
    const view = new DataView(bytes.buffer);
    bytes.set(MAGIC);
    view.setUint32(8, VERSION, true);
    view.setUint32(12, json.length, true);
    view.setUint32(16, crc32(json), true);
    view.setUint32(20, EVENT_BYTES, true);
    bytes.set(json, HEADER_BYTES);
    this.offset = bytes.length;
    return bytes;
  }

  /** Encodes a block with at least one event, and the strings its events brought into the table. */
  block(block: EventBlock): Uint8Array {
    const strings = this.newStrings();
    const columnsAt = BLOCK_HEADER_BYTES + padded(strings.bytes);
    const bytes = new Uint8Array(columnsAt + padded(block.length * EVENT_BYTES));
    const view = new DataView(bytes.buffer);
    view.setUint32(0, BLOCK_TAG, true);
    view.setUint32(4, block.length, true);
    view.setUint32(8, strings.bytes, true);
    view.setUint32(12, strings.texts.length, true);
    view.setFloat64(16, block.firstLine, true);
    view.setFloat64(24, block.time[0]!, true);
    let at = BLOCK_HEADER_BYTES;
    for (const text of strings.texts) {
      view.setUint32(at, text.length, true);
      bytes.set(text, at + 4);
      at += 4 + text.length;
    }
    putColumns(bytes, columnsAt, block);
    view.setUint32(
      BLOCK_CRC_AT,
      crc32(bytes.subarray(BLOCK_HEADER_BYTES), crc32(bytes.subarray(0, BLOCK_CRC_AT))),
      true,
    );
    this.count(block, strings.texts.length, bytes.length);
    return bytes;
  }

  /** The index and footer. `sha256` is that of the text form, in hex. */
  end(sha256: string): Uint8Array {
    const indexBytes = INDEX_HEADER_BYTES + this.entries.length * INDEX_ENTRY_BYTES;
    const bytes = new Uint8Array(indexBytes + FOOTER_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, INDEX_TAG, true);
    view.setUint32(4, this.entries.length, true);
    view.setFloat64(8, this.events, true);
    view.setFloat64(16, this.firstTime, true);
    view.setFloat64(24, this.lastTime, true);
    bytes.set(Buffer.from(sha256, 'hex'), 32);
    this.entries.forEach((entry, i) => {
      const at = INDEX_HEADER_BYTES + i * INDEX_ENTRY_BYTES;
      view.setFloat64(at, entry.offset, true);
      view.setFloat64(at + 8, entry.firstTime, true);
      view.setUint32(at + 16, entry.events, true);
      view.setUint32(at + 20, entry.strings, true);
    });
    const crc = crc32(bytes.subarray(INDEX_HEADER_BYTES, indexBytes), crc32(bytes.subarray(0, INDEX_CRC_AT)));
    view.setUint32(INDEX_CRC_AT, crc, true);
    view.setFloat64(indexBytes, this.offset, true);
    bytes.set(END_MAGIC, indexBytes + 8);
    return bytes;
  }

  /** What the index says, once all blocks are encoded. */
  totals(sha256: string): TraceTotals {
    return { events: this.events, firstTimeUs: this.firstTime, lastTimeUs: this.lastTime, sha256 };
  }

  private newStrings(): { texts: Uint8Array[]; bytes: number } {
    const texts: Uint8Array[] = [];
    let bytes = 0;
    for (; this.strings < this.table.length; this.strings++) {
      const text = encoder.encode(this.table.text(this.strings));
      texts.push(text);
      bytes += 4 + text.length;
    }
    return { texts, bytes };
  }

  private count(block: EventBlock, strings: number, bytes: number): void {
    const firstTime = block.time[0]!;
    if (this.events === 0) this.firstTime = firstTime;
    this.lastTime = block.time[block.length - 1]!;
    this.entries.push({ offset: this.offset, firstTime, events: block.length, strings });
    this.events += block.length;
    this.offset += bytes;
  }
}

/** Copies the columns into the order of `blockColumns`, cut to the block's length. */
function putColumns(bytes: Uint8Array, offset: number, block: EventBlock): void {
  let at = offset;
  for (const column of [
    block.time,
    block.page,
    block.count,
    block.space,
    block.thread,
    block.text,
    block.content,
    block.op,
    block.fields,
  ]) {
    const used = column.subarray(0, block.length);
    bytes.set(new Uint8Array(used.buffer, used.byteOffset, used.byteLength), at);
    at += used.byteLength;
  }
}
