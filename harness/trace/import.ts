import { InputError } from '../base/errors.js';
import type { EventBlock } from './block.js';
import { decodedBytes, inputName, type PeekedInput, usingInput } from './io/input.js';
import { rereadable } from './io/spool.js';
import { OP } from './op.js';
import { LineAccount } from './readers/account.js';
import { detectReader } from './readers/detect.js';
import type { EventReader, InputFile, Reader, ThreadFile } from './readers/reader.js';
import { isRecording } from './readers/recording/folder.js';
import { openRecording, recording, recordingValues } from './readers/recording/open.js';
import { type ChosenReader, checkSides, readerOf } from './readers/registry.js';
import { findThreadFiles, type ThreadPath } from './readers/strace/thread-files.js';
import { importRequests } from './requests/import.js';
import { checkSplit } from './requests/references.js';
import type { TraceSource } from './source.js';
import { isTrace } from './trace.js';

export interface ImportOptions {
  /** `NAME` or `NAME:key=value,…` of a reader; by default detected from content and name. */
  readonly reader?: string | undefined;
  /** Paths of side inputs, by their names. */
  readonly sides?: Readonly<Record<string, string>>;
  /** Cut requests into pages of 4 KiB instead of a page each. */
  readonly split?: boolean;
}

/** A trace that is being produced of a file, and what became of the file's lines. */
export interface ImportedTrace extends TraceSource {
  /** The file, then its side inputs. Their accounts are complete once all blocks have been taken. */
  readonly inputs: readonly Pick<InputFile, 'file' | 'account'>[];
  /** What the file should hold, where its reader can say it. */
  readonly wanted?: string | undefined;
}

/** Reasons that a message names. */
const NAMED_REASONS = 6;

function sideFiles(paths: Readonly<Record<string, string>>): Record<string, InputFile> {
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [
      name,
      { file: inputName(path), bytes: decodedBytes(path), account: new LineAccount() },
    ]),
  );
}

/** The reader that a user names, or that the start of a file asks for. */
function chooseReader({ head }: PeekedInput, file: string, named: string | undefined): ChosenReader {
  if (named !== undefined) return readerOf(named);
  if (isTrace(head))
    throw new InputError('this is a trace already; reclaim trace convert writes it in another form', {
      file,
    });
  return detectReader(head, file);
}

/**
 * Makes a trace of a file in another program's format.
 *
 * @param path a file or a pipe, or `-` for standard input; decompressed where it is compressed. Requests are read
 * twice: what comes through a pipe is kept in a temporary file meanwhile. Of a log of strace -ff, the folder of its files,
 * or what their names have in common
 * @throws InputError where no format fits, for options that the reader does not take, and with the place of what is wrong
 */
export async function importTrace(path: string, options: ImportOptions = {}): Promise<ImportedTrace> {
  if (isRecording(path)) return importRecording(path, options);
  const files = findThreadFiles(path);
  const first = files === undefined ? path : files[0]!.path;
  const imported = await usingInput(first, (peeked) => importInput(path, peeked, options, files));
  return { ...imported, blocks: () => nonEmpty(imported) };
}

/**
 * Makes a trace of a raw folder of `reclaim record`.
 *
 * @throws InputError for options that are of files, and with the place of what is wrong
 */
async function importRecording(
  path: string,
  { reader, sides = {}, split = false }: ImportOptions,
): Promise<ImportedTrace> {
  const [side] = Object.keys(sides);
  if (side !== undefined)
    throw new InputError(`--with ${side}: a recording takes no other files, expected none`, { file: path });
  if (split)
    throw new InputError('--split cuts requests into pages, and a recording has events', { file: path });
  const source = await openRecording(path, recordingValues(reader));
  const inputs = [{ file: inputName(path), account: source.account }];
  const imported = { ...source, inputs, wanted: recording.wanted };
  return { ...imported, blocks: () => nonEmpty(imported) };
}

/** Events that only say which spaces and objects there are, and when: a trace needs others. */
const FRAME_OPS: ReadonlySet<number> = new Set([OP.spawn, OP.fork, OP.exit, OP.object, OP.close, OP.mark]);

/** The blocks of a trace, from when one of them holds something to be replayed. @throws InputError where none does */
async function* nonEmpty(imported: ImportedTrace): AsyncGenerator<EventBlock> {
  const held: EventBlock[] = [];
  let empty = true;
  for await (const block of imported.blocks()) {
    empty &&= block.op.subarray(0, block.length).every((op) => FRAME_OPS.has(op));
    // A block is only valid until the next one is taken.
    if (empty) held.push(structuredClone(block));
    else yield* [...held.splice(0), block];
  }
  if (empty) throw nothingLeft(imported);
}

function nothingLeft({ inputs, wanted }: ImportedTrace): InputError {
  const { file, account } = inputs[0]!;
  const reasons = account.leftOut.toSorted(([, a], [, b]) => b - a);
  const lost = reasons.slice(0, NAMED_REASONS).map(([what, count]) => `${what} (${count})`);
  const others = reasons.slice(NAMED_REASONS).reduce((sum, [, count]) => sum + count, 0);
  if (others > 0) lost.push(`others (${others})`);
  const why = lost.length === 0 ? 'no line of it is about memory' : `left out: ${lost.join(', ')}`;
  const expected = wanted === undefined ? '' : `; expected ${wanted}`;
  return new InputError(`nothing is left for a trace; ${why}${expected}`, { file });
}

async function importInput(
  path: string,
  peeked: PeekedInput,
  { reader: named, sides = {}, split = false }: ImportOptions,
  files: readonly ThreadPath[] | undefined,
): Promise<ImportedTrace> {
  const file = inputName(path);
  const { reader, values, also = [] } = chooseReader(peeked, file, named);
  checkSides(reader, sides);
  const input = { file, values, sides: sideFiles(sides), account: new LineAccount() };
  const inputs = [input, ...Object.values(input.sides)];
  for (const name of also) input.account.remark(`a file for reader ${name}, too: --reader ${name} reads it`);
  if (reader.yields === 'events') {
    if (split) throw notSplit(reader);
    const { wanted } = reader;
    if (!files) return { ...(await reader.open({ ...input, bytes: peeked.all })), inputs, wanted };
    if (!reader.threadFiles) throw notOfThreads(reader, file);
    await peeked.close();
    const threads = openThreadFiles(files, input.account);
    return { ...(await reader.open({ ...input, bytes: threads[0]!.bytes, threads })), inputs, wanted };
  }
  if (files) throw notOfThreads(reader, file);
  if (split) checkSplit(reader);
  const content = await rereadable(path, peeked);
  return { ...(await importRequests({ ...input, content, reader, split })), inputs };
}

function openThreadFiles(files: readonly ThreadPath[], account: LineAccount): ThreadFile[] {
  return files.map(({ path, thread }) => ({
    file: inputName(path),
    bytes: decodedBytes(path),
    account,
    thread,
  }));
}

function notOfThreads({ name }: Reader, file: string): InputError {
  return new InputError(`these are several files, and reader ${name} reads one; expected a file`, { file });
}

function notSplit({ name }: EventReader): InputError {
  return new InputError(
    `--split cuts requests into pages, and reader ${name} reads events; expected a reader of requests`,
  );
}
