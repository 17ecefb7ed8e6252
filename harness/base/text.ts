import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileError, InputError } from './errors.js';

/** A text as part of a file name or an anchor: lower-case letters, digits and single hyphens. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** `1 cell`, `2 cells`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Bytes of the largest file that is read into memory as a whole: an experiment, a cost table, results. Traces are not. */
const MOST_TEXT_BYTES = 256 * 1024 ** 2;
/** As `MOST_TEXT_BYTES`, of what is written by hand: experiments and cost tables. */
export const MOST_HANDWRITTEN_BYTES = 1024 ** 2;
const CHUNK_BYTES = 1024 ** 2;

/** @throws InputError beyond `most` bytes, also where the size is not known before (a pipe, a device) */
function readAtMost(fd: number, file: string, most: number): Buffer {
  const chunks: Buffer[] = [];
  let bytes = fstatSync(fd).size;
  for (let total = 0, read = -1; read !== 0; bytes = total) {
    if (bytes > most) throw new InputError(`larger than ${most / 1024 ** 2} MiB, expected a text`, { file });
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    read = readSync(fd, chunk);
    total += read;
    chunks.push(chunk.subarray(0, read));
  }
  return Buffer.concat(chunks);
}

/** The bytes of a text file, up to `most`. @throws InputError when it cannot be read, or is larger */
export function readTextBytes(file: string, most = MOST_TEXT_BYTES): Buffer {
  try {
    const fd = openSync(file, 'r');
    try {
      return readAtMost(fd, file, most);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, file);
  }
}

/** The text of a file, of up to `most` bytes. @throws InputError when it cannot be read, or is larger */
export function readText(file: string, most = MOST_TEXT_BYTES): string {
  return readTextBytes(file, most).toString('utf8');
}
