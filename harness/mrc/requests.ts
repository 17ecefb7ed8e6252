import { InputError } from '../base/errors.js';
import type { ParameterValues } from '../base/parameters.js';
import { isBinaryTrace } from '../trace/binary/decoder.js';
import { compileInput } from '../trace/compile.js';
import { decodedBytes, inputName, type PeekedInput, usingInput } from '../trace/io/input.js';
import { LineAccount } from '../trace/readers/account.js';
import type { RecordIds, RequestInput, RequestReader } from '../trace/readers/reader.js';
import type { ChosenReader } from '../trace/readers/registry.js';
import { BIG_ENDIAN_HOST, readRecordIds } from '../trace/readers/scan/records.js';
import { BATCH_CAPACITY } from '../trace/requests/batch.js';
import { DenseIds } from '../trace/requests/dense-ids.js';
import { checkSplit, pagesOf, ReferenceMapper, referenceOf } from '../trace/requests/references.js';
import { makeIds, WasmIds } from '../trace/requests/wasm-ids.js';
import { StreamedTrace } from '../trace/streamed.js';
import { isTrace, ONE_READER_BYTES, openTrace } from '../trace/trace.js';
import type { Backend } from './backend.js';
import type { ReferenceBatch, ReferenceString } from './reference.js';
import { TraceReference } from './trace-reference.js';

/** How a file becomes a reference string. */
export interface ReferenceOptions {
  /** `NAME` or `NAME:key=value,…` of a reader; by default detected from content and name. */
  readonly reader?: string | undefined;
  /** Cut requests into pages of 4 KiB instead of counting each as one object. */
  readonly split?: boolean | undefined;
  /** Give the size of each request's object, for caches in bytes. */
  readonly bytes?: boolean | undefined;
  /** What maps ids to dense ones; by default WebAssembly. Both give the same. */
  readonly backend?: Backend | undefined;
  /** Whether it is read once: a text trace from a pipe is then kept nowhere. By default it is compiled into the cache. */
  readonly once?: boolean | undefined;
  /** What messages call the file. */
  readonly shown?: string | undefined;
}

/** Requests in a file, or from a pipe, that are mapped while they are read: constant memory but for the distinct ids. */
class RequestReference implements ReferenceString {
  readonly rereadable: boolean;
  private stream: AsyncIterable<Uint8Array> | undefined;

  account = new LineAccount();

  /** @param stream what has to be read first, where the file cannot be read again */
  constructor(
    readonly name: string,
    private readonly path: string,
    private readonly reader: RequestReader,
    private readonly values: ParameterValues,
    private readonly options: ReferenceOptions,
    stream: AsyncIterable<Uint8Array> | undefined,
  ) {
    this.rereadable = stream === undefined;
    this.stream = stream;
  }

  async *batches(): AsyncGenerator<ReferenceBatch> {
    const { name: file, values, options, reader } = this;
    const reference = referenceOf(reader, options.split ?? false);
    const table = options.backend === 'js' ? new DenseIds() : makeIds();
    this.account = new LineAccount();
    const pages = pagesOf(reference);
    const input = { file, bytes: this.bytes(), values, sides: {}, account: this.account, pages };
    if (
      reader.recordIds &&
      !BIG_ENDIAN_HOST &&
      table instanceof WasmIds &&
      reference === 'objects' &&
      !options.bytes
    ) {
      yield* fromRecords(input, reader.recordIds, table);
      return;
    }
    const mapper = new ReferenceMapper(reference, reader.idBytes, table);
    // Of objects, reference `i` is of request `i`.
    for await (const batch of reader.read(input))
      for (const dense of mapper.map(batch)) yield options.bytes ? { ...dense, sizes: batch.size } : dense;
  }

  private bytes(): AsyncIterable<Uint8Array> {
    // Readers of requests take what they need of a chunk before they ask for the next one.
    if (this.rereadable) return decodedBytes(this.path, true);
    const { stream } = this;
    if (!stream) throw new Error(`${this.name} is read a second time`);
    this.stream = undefined;
    return stream;
  }
}

async function* fromRecords(
  input: RequestInput,
  recordIds: RecordIds,
  table: WasmIds,
): AsyncGenerator<ReferenceBatch> {
  const ids = new Int32Array(BATCH_CAPACITY);
  for await (const length of readRecordIds(input, recordIds, table, ids))
    yield { ids, length, distinct: table.size };
}

/** @throws InputError where each request of a format is not an object of one size */
function checkSizes(reader: RequestReader, { split }: ReferenceOptions, file: string): void {
  if (split)
    throw new InputError('--bytes takes objects as a whole, and --split cuts them into pages', { file });
  if (referenceOf(reader, false) !== 'objects')
    throw new InputError(
      `requests of ${reader.name} are to pages or blocks of one size, expected objects for --bytes`,
      {
        file,
      },
    );
}

/**
 * Opens a file as a reference string: a trace of ours (text or binary), or any format that `harness/trace/readers` reads.
 *
 * @param path a file, decompressed where it is compressed, a pipe, or `-` for standard input
 * @throws InputError where the file cannot be read, is empty, of no known format or of events; wrong records are found when batches are taken
 */
export async function openReference(path: string, options: ReferenceOptions = {}): Promise<ReferenceString> {
  // Readers are loaded where they are used: they are a third of all code, and traces of ours need none.
  const named =
    options.reader === undefined
      ? undefined
      : (await import('../trace/readers/registry.js')).readerOf(options.reader);
  return usingInput(path, (input) => referenceOfInput(path, input, named, options));
}

async function referenceOfInput(
  path: string,
  input: PeekedInput,
  named: ChosenReader | undefined,
  options: ReferenceOptions,
): Promise<ReferenceString> {
  const name = options.shown ?? inputName(path);
  if (!named && isTrace(input.head)) {
    if (options.bytes)
      throw new InputError('a trace has pages of one size, expected requests with sizes for --bytes', {
        file: name,
      });
    if (options.split)
      throw new InputError('--split cuts requests into pages, and a trace has pages already', { file: name });
    if (options.once && input.kind === 'stream' && !isBinaryTrace(input.head))
      return new TraceReference(await StreamedTrace.open(input.all, name));
    return new TraceReference(await openTrace(await compileInput(path, input, name, ONE_READER_BYTES)));
  }
  const { detectReader } = await import('../trace/readers/detect.js');
  const { reader, values } = named ?? detectReader(input.head, name, 'requests');
  if (reader.yields === 'events')
    throw new InputError(
      `reader ${reader.name} reads events, expected requests or a trace; reclaim trace import makes a trace of it`,
      { file: name },
    );
  if (options.split) checkSplit(reader);
  if (options.bytes) checkSizes(reader, options, name);
  const stream = input.kind === 'stream' ? input.all : undefined;
  if (!stream) await input.close();
  return new RequestReference(name, path, reader, values, options, stream);
}
