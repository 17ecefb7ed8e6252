import type { Parameters, ParameterValues } from '../../base/parameters.js';
import { printable, shortened } from '../../base/printable.js';
import type { Touches } from '../../base/touches.js';
import type { PageBudget } from '../page-budget.js';
import type { RequestBatch } from '../requests/batch.js';
import type { TraceSource } from '../source.js';
import type { LineAccount } from './account.js';

/** How surely the start of a file is of a format: from not at all to by a mark of its own. */
export const FIT = { none: 0, possible: 1, likely: 2, certain: 3 } as const;
export type Fit = (typeof FIT)[keyof typeof FIT];

/** Why the start of a file is not of a format. */
export interface Misfit {
  readonly fit: typeof FIT.none;
  /** The line or record, what is wrong there and what was expected: part of one line, without the file's name. */
  readonly why: string;
  /** Bytes of the file that are as the format wants them: of several formats, the one that reaches furthest is nearest. */
  readonly reached: number;
  /** How the file fits where its name is that of the format: its content says too little. */
  readonly ifNamed?: Exclude<Fit, typeof FIT.none>;
}

/** What a reader says of the start of a file. */
export type Detection = { readonly fit: Exclude<Fit, typeof FIT.none> } | Misfit;

/** Characters of a reason: it may show names and fields of any length. */
const WHY_LENGTH = 240;

/** @param why shown as one printable line, the middle of a long one left out. */
export function misfit(why: string, reached = 0): Misfit {
  return { fit: FIT.none, why: shortened(printable(why), WHY_LENGTH), reached };
}

/** A file as a reader gets it. */
export interface InputFile {
  /** What messages call it. */
  readonly file: string;
  /** Its bytes, decompressed, to be read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Where the reader counts what became of each of its lines. */
  readonly account: LineAccount;
}

/** Into what pages requests are cut, and how many of them the large ones may touch. */
export interface RequestPages {
  readonly pageBytes: number;
  readonly budget: PageBudget;
}

/** The log of one thread, of many that are one log (strace -ff). */
export interface ThreadFile extends InputFile {
  readonly thread: number;
}

/** A file that a reader takes besides the one it is named for. */
export interface SideInput {
  /** What it holds, one line. */
  readonly meaning: string;
  readonly required: boolean;
}

/** A file of requests, as what reads lines or records of it gets it. */
export interface RequestInput extends InputFile {
  /** What its large requests may touch, where each stands for pages. */
  readonly pages?: RequestPages | undefined;
}

/** What a reader reads. */
export interface ReaderInput extends RequestInput {
  /** Where the input is not one file: a log for each thread, which share its account; `bytes` are not to be used then. */
  readonly threads?: readonly ThreadFile[];
  /** The values of its parameters. */
  readonly values: ParameterValues;
  /** By name, the side inputs that were given; all required ones are there. */
  readonly sides: Readonly<Record<string, InputFile>>;
}

/** What every reader says of itself. */
interface ReaderInfo {
  /** What `--reader` takes. */
  readonly name: string;
  /** One line: what a line or record is, and which program writes such files. */
  readonly summary: string;
  /** Where the format is described. */
  readonly source: string;
  /** The file of code that it is from, if it is not of this package. */
  readonly module?: { readonly file: string };
  /** Readers of one family read a file alike that fits them equally well. */
  readonly family?: string;
  /** Endings of file names, with their dot, in lower case, without that of a compression. */
  readonly extensions: readonly string[];
  /** What `--reader NAME:key=value,…` may say. */
  readonly parameters: Parameters;
  /** What `--with NAME=FILE` may name. */
  readonly sides: Readonly<Record<string, SideInput>>;
  /**
   * Whether a file may be of this format, or why not.
   *
   * @param head its first bytes, decompressed: up to 64 KiB
   */
  detect(head: Uint8Array): Detection;
}

/** A reader of another program's format of events: calls, accesses, contents of memory. */
export interface EventReader extends ReaderInfo {
  readonly yields: 'events';
  /** Whether it reads a log of many files, one for each thread. */
  readonly threadFiles?: true;
  /** What a file should hold and how to record it, for the message that nothing is left. */
  readonly wanted?: string;
  /**
   * Opens a file as a trace that is being produced. Events may be read while its blocks are taken.
   *
   * @throws InputError with the line and column of what is wrong
   */
  open(input: ReaderInput): Promise<TraceSource>;
}

/**
 * What the requests of a format are to: `object`, things of a size of their own; `block`, ranges of a disk; `memory`,
 * addresses of a program.
 */
export type RequestKind = 'object' | 'block' | 'memory';

/** Where the ids are in a format of which each record is a request to one object, and nothing but its id is needed. */
export interface RecordIds {
  /** Of a record: a multiple of 4. */
  readonly bytes: number;
  /** Where the 64-bit id begins in a record, in little-endian bytes. */
  readonly id: number;
  /**
   * Checks records as the reader does.
   *
   * @param words little-endian 32-bit words, in the byte order of this host
   * @param first whether the file begins with them
   */
  check(
    words: Uint32Array,
    records: number,
    first: boolean,
    fail: (index: number, what: string) => never,
  ): void;
}

/** A reader of another program's format of requests, which become a reference string or, by `requests/import.ts`, a trace. */
export interface RequestReader extends ReaderInfo {
  readonly yields: 'requests';
  readonly kind: RequestKind;
  /** Bytes that one unit of an id stands for: 1 for byte offsets, 512 for sectors, 4096 for pages. A power of two up to 4096. */
  readonly idBytes: number;
  /** Where a record names a range of blocks and each of them counts as a request of its own: their size. */
  readonly blockBytes?: number;
  /** What is known of the accesses, where the format does not have all of them. */
  readonly touches?: Touches;
  /** Whether records have times. */
  readonly timed: boolean;
  /** How accesses are known, where they were not recorded one by one. */
  readonly provenance?: 'inferred';
  /**
   * Reads requests batch by batch, in constant memory.
   *
   * @throws InputError with the line and column, or the byte, of what is wrong
   */
  read(input: ReaderInput): AsyncGenerator<RequestBatch>;
  /** Where ids can be taken from records without making requests of them: for reference strings. */
  readonly recordIds?: RecordIds;
}

/** A reader of another program's format: a file or folder here, and a line in the registry. */
export type Reader = EventReader | RequestReader;
