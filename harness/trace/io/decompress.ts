import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { InputError } from '../../base/errors.js';
import { peekBytes } from './peek.js';

/** What decompresses. */
interface Decompression {
  decompress(source: Readable): AsyncIterable<Uint8Array>;
  /** What is wrong, of an error that ended it. */
  reason(error: Error): string;
}

/** A form of compression that is read here. */
interface Compression {
  /** The bytes that its files begin with, in hexadecimal digits. */
  readonly mark: RegExp;
  /** Its code is loaded where a file needs it. */
  load(): Promise<Decompression>;
}

function byTransform(transform: () => Transform): Decompression {
  return {
    decompress(source) {
      const target = transform();
      source.on('error', (error) => target.destroy(error));
      return source.pipe(target);
    },
    reason: ({ message }) => message,
  };
}

/** By content. A frame of zstd may come after frames that are to be skipped, as pzstd writes them. */
const COMPRESSIONS: readonly Compression[] = [
  { mark: /^1f8b08/, load: async () => byTransform(zlib.createGunzip) },
  {
    mark: /^(28b52ffd|5.2a4d18)/,
    load: async () => byTransform((await import('./zstd.js')).zstdDecompressor),
  },
  {
    mark: /^fd377a585a00/,
    async load() {
      const { xzDecompressed, xzReason } = await import('./xz.js');
      return { decompress: xzDecompressed, reason: xzReason };
    },
  },
  {
    mark: /^425a683[1-9](314159265359|177245385090)/,
    async load() {
      const { bzip2Decompressed, bzip2Reason } = await import('./bzip2.js');
      return { decompress: bzip2Decompressed, reason: bzip2Reason };
    },
  },
];

/** The endings of compressed files. */
export const COMPRESSED_NAME = /\.(gz|bz2|xz|zst|br)$/i;

/** Brotli has no mark: the name has to say so. */
const BROTLI: Pick<Compression, 'load'> = { load: async () => byTransform(zlib.createBrotliDecompress) };

/** What is not decompressed here, by its mark, and the command that does it. */
const OTHERS: readonly { readonly mark: RegExp; readonly what: string; readonly command: string }[] = [
  { mark: /^(04224d18|02214c18)/, what: 'lz4-compressed', command: 'lz4 -dc FILE' },
  { mark: /^504b(0304|0506)/, what: 'a zip archive', command: 'unzip -p FILE' },
  { mark: /^.{514}7573746172/, what: 'a tar archive', command: 'tar -xOf FILE MEMBER' },
  { mark: /^377abcaf271c/, what: 'a 7z archive', command: '7z e -so FILE' },
];
/** Bytes that hold any of the marks: that of tar lies furthest. */
const MARK_BYTES = 262;

/** Whether bytes of an unknown format may be the start of a file of brotli: they decompress, to more than they are. */
export function looksLikeBrotli(head: Uint8Array): boolean {
  try {
    const options = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };
    return zlib.brotliDecompressSync(head, options).length > head.length;
  } catch {
    return false;
  }
}

function digits(start: Uint8Array): string {
  return Buffer.from(start).toString('hex');
}

/** @throws InputError for what has to be decompressed by another program */
function refuseOthers(start: Uint8Array, file: string): void {
  const text = digits(start);
  const other = OTHERS.find(({ mark }) => mark.test(text));
  if (other)
    throw new InputError(
      `this is ${other.what}, expected plain, .gz, .bz2, .xz, .zst or .br; use ${other.command} | reclaim … -`,
      { file },
    );
}

function compressionOf(start: Uint8Array, file: string): Pick<Compression, 'load'> | undefined {
  const text = digits(start);
  return COMPRESSIONS.find(({ mark }) => mark.test(text)) ?? (isBrotliName(file) ? BROTLI : undefined);
}

/** Whether a file is of brotli, which has no mark, by its name. */
export function isBrotliName(file: string): boolean {
  return /\.br$/i.test(file);
}

/** Bytes that any file may expand to. */
const FREE_BYTES = 64 * 1024 ** 2;
/** What a log compresses to is seldom below a hundredth; one written to fill the host, below a hundred-thousandth. */
const DEFAULT_TIMES = 1000;
let mostTimes = DEFAULT_TIMES;

/** Sets how many times its size a compressed file may expand to, above 64 MiB; by default 1000. */
export function limitExpansion(times: number): void {
  mostTimes = times;
}

/** How many times its size a compressed file may expand to. */
export function expansionLimit(): number {
  return mostTimes;
}

/** Whether a compressed file may expand to a size. */
export function mayExpand(packedBytes: number, unpackedBytes: number): boolean {
  return unpackedBytes <= FREE_BYTES + mostTimes * packedBytes;
}

/** Counts what goes into a decompressor and what comes out of it. */
class Expansion {
  private packedBytes = 0;
  private unpackedBytes = 0;

  constructor(private readonly file: string) {}

  async *packed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.packedBytes += chunk.length;
      // Copied: a decompressor keeps it, and a reader may use its buffer again.
      yield new Uint8Array(chunk);
    }
  }

  /** @throws InputError where there comes more out than a file of this size may hold */
  async *unpacked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.unpackedBytes += chunk.length;
      if (!mayExpand(this.packedBytes, this.unpackedBytes))
        throw new InputError(
          `it expands to more than ${mostTimes} times its size (${this.unpackedBytes} bytes so far, of ${this.packedBytes}); if that is meant, raise --max-expansion`,
          { file: this.file },
        );
      yield chunk;
    }
  }
}

/**
 * Decompresses bytes: gzip, zstd, xz and bzip2 by content, brotli by the ending `.br`. Others are passed on as they are.
 *
 * @param file what messages call it
 * @throws InputError where the compression is damaged or cut short, where more comes out than `limitExpansion` allows, and for
 *   archives and compressions that are not read
 */
export async function* decompressed(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  const { head, all } = await peekBytes(bytes, MARK_BYTES);
  const compression = compressionOf(head, file);
  if (!compression) {
    refuseOthers(head, file);
    yield* all;
    return;
  }
  const { decompress, reason } = await compression.load();
  const expansion = new Expansion(file);
  const source = Readable.from(expansion.packed(all));
  try {
    const inner = await peekBytes(expansion.unpacked(decompress(source)), MARK_BYTES);
    refuseOthers(inner.head, file);
    yield* inner.all;
  } catch (error) {
    throw damaged(error, file, reason);
  } finally {
    source.destroy();
  }
}

function damaged(error: unknown, file: string, reason: Decompression['reason']): unknown {
  if (error instanceof InputError) return error.at({ file });
  const why = reason(error instanceof Error ? error : new Error(String(error)));
  return new InputError(`the compressed data is damaged (${why}), expected a whole file`, { file });
}
