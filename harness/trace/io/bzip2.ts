import { PassThrough, type Readable } from 'node:stream';
import unbzip2 from 'unbzip2-stream';

/** Decompresses .bz2, also several streams one after the other. */
export function bzip2Decompressed(source: Readable): Readable {
  const decompressor = unbzip2();
  // The library's stream is of the oldest kind, which ends and closes at once: `Readable.wrap` takes that for a premature close.
  const target = new PassThrough();
  source.on('error', (error) => target.destroy(error));
  decompressor.on('error', (error: Error) => target.destroy(error));
  source.pipe(decompressor).pipe(target);
  return target;
}

/** What is wrong, in words, of an error that ended the decompression: the library's own do not say. */
export function bzip2Reason({ message }: Error): string {
  if (message.includes('crc32')) return 'the checksums are wrong';
  // It reads on where there are no more bytes.
  return /prematurely|undefined/.test(message) ? 'unexpected end of file' : 'the data is wrong';
}
