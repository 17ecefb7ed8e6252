import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileError, InputError, type Place } from '../base/errors.js';
import {
  checkBlock,
  decodeBlock,
  decodeBlockHeader,
  decodeHeader,
  decodeIndex,
  headerJsonBytes,
  indexOffset,
  isBinaryTrace,
} from './binary/decoder.js';
import { BLOCK_HEADER_BYTES, FOOTER_BYTES, HEADER_BYTES, padded, type TraceTotals } from './binary/layout.js';
import { type EventBlock, StringTable } from './block.js';
import { localPath } from './io/remote.js';
import type { TraceMeta } from './meta.js';
import { TEXT_HEADER } from './text/fields.js';

/** Compiled traces up to this size are held in memory, which all workers share; larger ones are streamed. */
const SHARED_TRACE_BYTES = 1024 ** 3;
/** The same where one reader goes through a trace once or twice: memory would save it little. */
export const ONE_READER_BYTES = 2 ** 26;

/** A compiled trace, ready to be replayed any number of times. */
export interface Trace {
  /** What the user called it, for messages. */
  readonly name: string;
  readonly meta: TraceMeta;
  /** The texts of arguments; complete once all blocks have been read. */
  readonly strings: StringTable;
  readonly totals: TraceTotals;
  /** The events in order. */
  blocks(): Iterable<EventBlock> | AsyncIterable<EventBlock>;
  /** Where an event stands in the text form. */
  place(block: EventBlock, row: number): Place;
}

/** How to open a compiled trace in another thread without copying it. */
export interface TraceHandle {
  readonly name: string;
  readonly shared: SharedArrayBuffer | undefined;
  readonly path: string;
}

function placeIn(name: string, block: EventBlock, row: number): Place {
  return { file: name, line: block.firstLine + row };
}

/** A trace whose file is in memory; its blocks are views of that memory. */
export class MemoryTrace implements Trace {
  readonly meta: TraceMeta;
  readonly strings = new StringTable();
  readonly totals: TraceTotals;
  private readonly decoded: EventBlock[] = [];

  constructor(
    readonly name: string,
    bytes: Uint8Array,
  ) {
    const index = indexOffset(bytes.subarray(-FOOTER_BYTES), bytes.length, name);
    this.meta = decodeHeader(bytes, name);
    this.totals = decodeIndex(bytes.subarray(index), name);
    let at = padded(HEADER_BYTES + headerJsonBytes(bytes, name));
    let lastTime = 0;
    while (at < index) {
      const rest = bytes.subarray(at);
      const header = decodeBlockHeader(rest, name);
      if (!header) break;
      const block = decodeBlock(rest, header, name, this.strings);
      checkBlock(block, this.strings, lastTime, name);
      lastTime = block.time[block.length - 1]!;
      this.decoded.push(block);
      at += BLOCK_HEADER_BYTES + header.payloadBytes;
    }
    if (at !== index) throw gap(name);
  }

  blocks(): Iterable<EventBlock> {
    return this.decoded;
  }

  place(block: EventBlock, row: number): Place {
    return placeIn(this.name, block, row);
  }
}

/** A trace that is read from its file block by block, in constant memory. */
class FileTrace implements Trace {
  readonly strings = new StringTable();

  private constructor(
    readonly name: string,
    private readonly path: string,
    readonly meta: TraceMeta,
    readonly totals: TraceTotals & { readonly blockOffsets: Float64Array },
  ) {}

  static async open(path: string, name: string): Promise<FileTrace> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const fixed = await readAt(file, 0, HEADER_BYTES, size);
      const header = await readAt(file, 0, HEADER_BYTES + headerJsonBytes(fixed, name), size);
      const footer = await readAt(file, Math.max(0, size - FOOTER_BYTES), FOOTER_BYTES, size);
      const index = indexOffset(footer, size, name);
      const totals = decodeIndex(await readAt(file, index, size - index, size), name);
      return new FileTrace(name, path, decodeHeader(header, name), totals);
    } finally {
      await file.close();
    }
  }

  async *blocks(): AsyncGenerator<EventBlock> {
    const file = await open(this.path);
    try {
      const { size } = await file.stat();
      let lastTime = 0;
      let end = this.totals.blockOffsets[0] ?? 0;
      for (const offset of this.totals.blockOffsets) {
        if (offset !== end) throw gap(this.name);
        const fixed = await readAt(file, offset, BLOCK_HEADER_BYTES, size);
        const header = decodeBlockHeader(fixed, this.name);
        if (!header) return;
        const bytes = await readAt(file, offset, BLOCK_HEADER_BYTES + header.payloadBytes, size);
        const block = decodeBlock(bytes, header, this.name, this.strings);
        checkBlock(block, this.strings, lastTime, this.name);
        lastTime = block.time[block.length - 1]!;
        end = offset + bytes.length;
        yield block;
      }
    } finally {
      await file.close();
    }
  }

  place(block: EventBlock, row: number): Place {
    return placeIn(this.name, block, row);
  }
}

function gap(file: string): InputError {
  return new InputError('its index and its blocks disagree, expected a whole .rtrace file', { file });
}

/** Fills `bytes` from `offset` on. Returns how many there were: fewer where the file ends. */
async function readInto(file: FileHandle, bytes: Uint8Array, offset: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Reads `length` bytes at `offset` into a buffer of their own; fewer where the file ends. */
async function readAt(file: FileHandle, offset: number, length: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
  return bytes.subarray(0, await readInto(file, bytes, offset));
}

/** Whether the start of a file is that of a trace of ours, text or binary. */
export function isTrace(head: Uint8Array): boolean {
  if (isBinaryTrace(head)) return true;
  const lines = Buffer.from(head)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  return lines.find((line) => !line.startsWith('#')) === TEXT_HEADER;
}

/** Reads the first `size` bytes of a file straight into shared memory: a buffer in between would double the peak. */
async function readShared(path: string, size: number): Promise<SharedArrayBuffer> {
  const shared = new SharedArrayBuffer(size);
  const file = await open(path);
  try {
    // Of a file that is cut short meanwhile the rest is zeros, which no trace ends with.
    await readInto(file, new Uint8Array(shared), 0);
  } finally {
    await file.close();
  }
  return shared;
}

/**
 * Puts a compiled trace that is small enough into shared memory.
 *
 * @param file its path, or an address
 * @param most size in bytes up to which it is
 */
export async function traceHandle(
  file: string,
  name: string,
  most = SHARED_TRACE_BYTES,
): Promise<TraceHandle> {
  try {
    const path = await localPath(file);
    const { size } = await stat(path);
    if (size > most) return { name, path, shared: undefined };
    return { name, path, shared: await readShared(path, size) };
  } catch (error) {
    throw fileError(error, name);
  }
}

/** Opens a compiled trace. @throws InputError when it is truncated or damaged. */
export async function openTrace(handle: TraceHandle): Promise<Trace> {
  if (handle.shared) return new MemoryTrace(handle.name, new Uint8Array(handle.shared));
  try {
    return await FileTrace.open(handle.path, handle.name);
  } catch (error) {
    throw fileError(error, handle.name);
  }
}
