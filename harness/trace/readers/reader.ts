import type { Parameters, ParameterValues } from '../../base/parameters.js';
import type { RequestBatch } from '../requests/batch.js';

/**
 * What the requests of a format are to: `object`, things of a size of their own; `block`, ranges of a disk; `memory`,
 * addresses of a program.
 */
export type RequestKind = 'object' | 'block' | 'memory';

/** How surely the start of a file is of a format: from not at all to by a mark of its own. */
export const FIT = { none: 0, possible: 1, likely: 2, certain: 3 } as const;
export type Fit = (typeof FIT)[keyof typeof FIT];

/** A reader of somebody else's format of requests: a file in this folder and a line in the registry. */
export interface RequestReader {
  /** What `--format` takes. */
  readonly name: string;
  /** One line: what a record is and who writes such files. */
  readonly summary: string;
  /** Endings of file names, with their dot, without that of a compression. */
  readonly extensions: readonly string[];
  /** Where the format is described. */
  readonly source: string;
  readonly kind: RequestKind;
  /** Bytes that one unit of an id stands for: 1 for byte offsets, 512 for sectors, 4096 for pages. A power of two up to 4096. */
  readonly idBytes: number;
  /** Given where a record names a range of blocks and each of them counts as a request of its own: their size. */
  readonly blockBytes?: number;
  /** Whether records have times. */
  readonly timed: boolean;
  /** What `--format NAME:key=value,…` may say; with `configured`. */
  readonly parameters?: Parameters;
  /** The reader with other values of its parameters. */
  configured?(values: ParameterValues): RequestReader;
  /**
   * Whether a file may be of this format.
   *
   * @param head its first bytes, decompressed: up to 64 KiB
   */
  detect(head: Uint8Array): Fit;
  /**
   * Reads requests batch by batch, in constant memory.
   *
   * @param bytes decompressed
   * @param file what messages call it
   * @throws InputError with the line and column, or the byte, of what is wrong
   */
  read(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<RequestBatch>;
}
