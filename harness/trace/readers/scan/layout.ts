import { InputError } from '../../../base/errors.js';
import type { RequestBatch } from '../../requests/batch.js';
import type { RequestInput } from '../reader.js';
import { type ByteDecoder, readByteRecords } from './records.js';

/**
 * Bytes of the fields of a format string, by their letter. Source: Python, module struct; x is a byte that is skipped,
 * and k is ours: a word with Twitter's sizes of a key, in its upper 10 bits, and a value.
 */
const BYTES: Readonly<Record<string, number>> = {
  x: 1,
  c: 1,
  b: 1,
  B: 1,
  h: 2,
  H: 2,
  i: 4,
  I: 4,
  l: 4,
  L: 4,
  f: 4,
  k: 4,
  q: 8,
  Q: 8,
  d: 8,
};

/** Where a field of a record is, and its letter in a format string. */
export interface Field {
  readonly offset: number;
  readonly letter: string;
}

/** A record of a fixed size. */
export interface Layout {
  readonly bytes: number;
  readonly little: boolean;
  readonly fields: readonly Field[];
}

/** The fields that a request is made of. Sizes are added up. */
export interface RequestLayout {
  readonly bytes: number;
  readonly little: boolean;
  readonly id: Field;
  readonly time?: Field | undefined;
  readonly sizes: readonly Field[];
  readonly op?: Field | undefined;
  readonly volume?: Field | undefined;
  /** The next access to the same object: not needed, but it shows what a file is. */
  readonly next?: Field | undefined;
}

/**
 * The fields of a format string as Python's module struct has them, without padding: `<` (or nothing) for little-endian,
 * `>` for big-endian, then a letter a field; a number before a letter repeats it.
 *
 * @throws InputError for a letter that is not known
 */
export function parseLayout(format: string): Layout {
  const fields: Field[] = [];
  let bytes = 0;
  for (const [, count, letter = ''] of format.replace(/^[<>=!]/, '').matchAll(/(\d*)(.)/g)) {
    const size = BYTES[letter];
    if (size === undefined)
      throw new InputError(
        `"${letter}" in the format ${format} is not a type of a field, expected < or > and letters of ${Object.keys(BYTES).join('')}`,
      );
    for (let i = 0; i < Number(count || 1); i++, bytes += size)
      if (letter !== 'x') fields.push({ offset: bytes, letter });
  }
  if (fields.length === 0) throw new InputError(`the format "${format}" has no field, expected as in <IQI`);
  return { bytes, little: !/^[>!]/.test(format), fields };
}

/** Whether a field is a fraction or of several parts, which no id and no operation is. */
export function isWhole({ letter }: Field): boolean {
  return !'fdk'.includes(letter);
}

/** Reads numbers of records in place. */
export class RecordView {
  low = 0;
  high = 0;

  private readonly view: DataView;

  constructor(
    bytes: Uint8Array,
    private readonly little: boolean,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** A field as a number; of 64 bits, rounded beyond 2^53. @param start of the record */
  number(start: number, { offset, letter }: Field): number {
    const { view, little } = this;
    const at = start + offset;
    switch (letter) {
      case 'I':
      case 'L':
        return view.getUint32(at, little);
      case 'H':
        return view.getUint16(at, little);
      case 'B':
        return view.getUint8(at);
      case 'i':
      case 'l':
        return view.getInt32(at, little);
      case 'h':
        return view.getInt16(at, little);
      case 'b':
      case 'c':
        return view.getInt8(at);
      case 'f':
        return view.getFloat32(at, little);
      case 'd':
        return view.getFloat64(at, little);
      case 'k': {
        const sizes = view.getUint32(at, little);
        return (sizes >>> 22) + (sizes & 0x3f_ffff);
      }
      default:
        this.words(start, offset);
        return (letter === 'q' ? this.high | 0 : this.high) * 2 ** 32 + this.low;
    }
  }

  /** A whole field as 64 bits, into `low` and `high`; negative numbers as two's complement. */
  id(start: number, field: Field): void {
    if (field.letter === 'Q' || field.letter === 'q') {
      this.words(start, field.offset);
      return;
    }
    const value = this.number(start, field);
    this.low = value >>> 0;
    this.high = value < 0 ? 0xffff_ffff : 0;
  }

  private words(start: number, offset: number): void {
    const { view, little } = this;
    const at = start + offset;
    const first = view.getUint32(at, little);
    const second = view.getUint32(at + 4, little);
    this.low = little ? first : second;
    this.high = little ? second : first;
  }
}

/** Times of records, in microseconds since the first one: times since 1970 in nanoseconds are too many for a float. */
class RecordClock {
  private firstLow = -1;
  private firstHigh = 0;

  /** @param unitUs microseconds of a unit */
  constructor(
    private readonly field: Field,
    private readonly unitUs: number,
  ) {}

  time(view: RecordView, start: number): number {
    if (!isWhole(this.field)) return Math.floor(view.number(start, this.field) * this.unitUs);
    view.id(start, this.field);
    if (this.firstLow < 0) {
      this.firstLow = view.low;
      this.firstHigh = view.high;
    }
    const steps = ((view.high | 0) - (this.firstHigh | 0)) * 2 ** 32 + (view.low - this.firstLow);
    return Math.floor(steps * this.unitUs);
  }
}

/** What an operation makes of a record: a read, a write, or no request for a reason. */
export type Operation = 0 | 1 | string;

/** How the records of a layout are understood. */
export interface LayoutMeaning {
  readonly layout: RequestLayout;
  /** Microseconds of a unit of time. */
  readonly unitUs: number;
  /** What an operation is; reasons are in the plural. */
  operation(op: number): Operation;
}

/**
 * Reads records of a layout.
 *
 * @param headerBytes what comes before the first record
 * @throws InputError with the byte where a record is wrong or cut short
 */
export function readLayout(
  input: RequestInput,
  { layout, unitUs, operation }: LayoutMeaning,
  headerBytes = 0,
): AsyncGenerator<RequestBatch> {
  const { bytes, little, id, sizes, op, volume } = layout;
  const clock = layout.time && new RecordClock(layout.time, unitUs);
  let view: RecordView | undefined;
  const decode: ByteDecoder = (data, records, batch, fail) => {
    view ??= new RecordView(data, little);
    batch.timed = clock !== undefined;
    for (let i = 0, start = 0; i < records; i++, start += bytes) {
      const made = op ? operation(view.number(start, op)) : 0;
      if (typeof made === 'string') {
        input.account.leave(made);
        continue;
      }
      const disk = volume ? view.number(start, volume) : 0;
      if (disk < 0 || disk >= 2 ** 31) fail(i, `has the volume ${disk}, expected a number below 2^31`);
      let size = 0;
      for (const part of sizes) size += view.number(start, part);
      if (!(size >= 0)) fail(i, `has the size ${size}, expected bytes`);
      const time = clock?.time(view, start) ?? 0;
      view.id(start, id);
      batch.volume[batch.length] = disk;
      batch.add(view.low, view.high, size, made, time);
    }
  };
  return readByteRecords(input, bytes, decode, headerBytes);
}
