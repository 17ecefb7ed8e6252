import { type ParameterValues, parseParameters } from '../base/parameters.js';
import { LineAccount } from '../trace/readers/account.js';
import type { EventReader, InputFile, Reader, ReaderInput, RequestReader } from '../trace/readers/reader.js';
import { READERS, readerOf } from '../trace/readers/registry.js';
import { EVENT_SAMPLES, type EventSample } from './event-samples.js';
import { type Request, requestsOf, SAMPLES, type Sample } from './requests.js';
import { eventLines } from './traces.js';

type Content = string | Uint8Array;

/** How a test opens a reader, besides the content of the file. */
export interface InputOptions {
  /** What messages call the file. */
  readonly file?: string;
  /** Parameters as a user writes them. */
  readonly given?: Readonly<Record<string, string>>;
  /** Contents of side inputs, by their names, which messages call them by too. */
  readonly sides?: Readonly<Record<string, Content>>;
  /** Sizes of the pieces that the content comes in, in turn. */
  readonly pieces?: readonly number[];
}

/** Bytes in pieces of some sizes, in turn. */
async function* piecesOf(content: Content, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

function fileOf(file: string, content: Content, sizes: readonly number[] = [1 << 16]): InputFile {
  return { file, bytes: piecesOf(content, sizes), account: new LineAccount() };
}

/** What a reader gets for a content. */
export function inputOf(reader: Reader, content: Content, options: InputOptions = {}): ReaderInput {
  const values = parseParameters(`reader ${reader.name}`, reader.parameters, options.given ?? {});
  const sides = Object.entries(options.sides ?? {}).map(([name, side]) => [name, fileOf(name, side)]);
  return {
    ...fileOf(options.file ?? 'x', content, options.pieces),
    values,
    sides: Object.fromEntries(sides),
  };
}

/** The events that a reader makes of a content, as lines of the text form. */
export async function eventsOf(
  reader: EventReader,
  content: Content,
  options: InputOptions = {},
): Promise<string[]> {
  return eventLines(await reader.open(inputOf(reader, content, options)));
}

/** The requests in a content. */
export async function requestsIn(
  reader: RequestReader,
  content: Content,
  options: InputOptions & { readonly values?: ParameterValues } = {},
): Promise<Request[]> {
  const input = inputOf(reader, content, options);
  const requests: Request[] = [];
  for await (const batch of reader.read({ ...input, values: options.values ?? input.values }))
    requests.push(...requestsOf(batch));
  return requests;
}

/** The readers of requests. */
export const REQUEST_READERS: readonly RequestReader[] = READERS.filter(
  (reader) => reader.yields === 'requests',
);

/** A reader of requests by its name. */
export function requestReader(name: string): RequestReader {
  const { reader } = readerOf(name);
  if (reader.yields !== 'requests') throw new Error(`${name} is not a reader of requests`);
  return reader;
}

/** The sample of a reader; undefined where it is missing, which one test says. */
export function sampleOf(reader: Reader): Sample | EventSample | undefined {
  return reader.yields === 'events' ? EVENT_SAMPLES[reader.name] : SAMPLES[reader.name];
}

/** Misses of an LRU cache of `size` keys, in its plainest form. */
export function lruMisses(keys: readonly string[], size: number): number {
  const cache: string[] = [];
  let misses = 0;
  for (const key of keys) {
    const at = cache.indexOf(key);
    if (at >= 0) cache.splice(at, 1);
    else misses++;
    cache.unshift(key);
    cache.length = Math.min(cache.length, size);
  }
  return misses;
}
