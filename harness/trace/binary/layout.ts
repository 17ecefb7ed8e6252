/**
 * The binary form, `.rtrace`, little-endian:
 *
 *     header   32 bytes: magic (8), version u32, bytes of JSON u32, CRC-32 of the JSON u32, bytes an event u32, 0 (8)
 *              JSON {"meta": [[key, value], …]}, padded to 8 bytes
 *     block    40 bytes: "BLCK", events u32, bytes of strings u32, strings u32, first line f64, first time f64,
 *              CRC-32 of what precedes it and of the payload u32, 0 (4)
 *              strings new in this block: bytes u32 and UTF-8 each, padded to 8 bytes in all
 *              columns in the order of `blockColumns`, padded to 8 bytes
 *     …
 *     index    72 bytes: "INDX", blocks u32, events f64, first time f64, last time f64, sha256 of the text form (32),
 *              CRC-32 of what precedes it and of the entries u32, 0 (4)
 *              an entry a block: offset f64, first time f64, events u32, strings u32
 *     footer   16 bytes: offset of the index f64, end magic (8)
 *
 * A file is written and read as a stream; a block's columns are typed arrays over the file's own bytes.
 */
export const MAGIC: Uint8Array = Uint8Array.from([0x89, 0x52, 0x54, 0x52, 0x41, 0x43, 0x45, 0x0a]); // \x89RTRACE\n
export const END_MAGIC: Uint8Array = Uint8Array.from([0x89, 0x52, 0x54, 0x45, 0x4e, 0x44, 0x0d, 0x0a]); // \x89RTEND\r\n
export const VERSION = 1;
export const HEADER_BYTES = 32;
export const BLOCK_HEADER_BYTES = 40;
export const BLOCK_CRC_AT = 32;
export const INDEX_HEADER_BYTES = 72;
export const INDEX_CRC_AT = 64;
export const INDEX_ENTRY_BYTES = 24;
export const FOOTER_BYTES = 16;
export const BLOCK_TAG = 0x4b434c42; // "BLCK"
export const INDEX_TAG = 0x58444e49; // "INDX"
/** A block's strings fit in this; a longer run of new strings ends the block early. */
export const MAX_STRING_BYTES = 2 ** 28;

/** The next multiple of 8. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** What the index of a trace says of it. */
export interface TraceTotals {
  readonly events: number;
  /** Time of the first and last event in µs; 0 for a trace without events. */
  readonly firstTimeUs: number;
  readonly lastTimeUs: number;
  /** SHA-256 of the text form (of its decoded bytes, if it was read from text), in hex. */
  readonly sha256: string;
}
