import { InputError } from '../base/errors.js';
import { decodedBytes, inputName, peekInput, STDIN } from './io/input.js';
import { LineAccount } from './readers/account.js';
import type { EventReader, InputFile } from './readers/reader.js';
import { type ChosenReader, checkSides, detectReader, readerOf } from './readers/registry.js';
import { importRequests } from './requests/import.js';
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
}

function sideFiles(paths: Readonly<Record<string, string>>): Record<string, InputFile> {
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [
      name,
      { file: inputName(path), bytes: decodedBytes(path), account: new LineAccount() },
    ]),
  );
}

/** A reader, and the bytes of the file that it is for. */
interface Opened extends ChosenReader {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Closes the file where `bytes` are not wanted. */
  close(): Promise<void>;
}

/** Opens a file with the reader that its start asks for. */
async function openDetected(path: string, file: string): Promise<Opened> {
  const { head, all, close } = await peekInput(path);
  if (isTrace(head))
    throw new InputError('this is a trace already; reclaim trace convert writes it in another form', {
      file,
    });
  return { ...detectReader(head, file), bytes: all, close };
}

/** Opens a file with the reader that a user names: nothing is read before it is used. */
function openNamed(path: string, reader: string): Opened {
  return { ...readerOf(reader), bytes: decodedBytes(path), close: async () => {} };
}

/**
 * Makes a trace of a file in another program's format.
 *
 * @param path a file, decompressed where it is compressed; readers of events take standard input, `-`, too
 * @throws InputError where no format fits, for options that the reader does not take, and with the place of what is wrong
 */
export async function importTrace(path: string, options: ImportOptions = {}): Promise<ImportedTrace> {
  const file = inputName(path);
  const { sides = {}, split = false } = options;
  const { reader, values, bytes, close } =
    options.reader === undefined ? await openDetected(path, file) : openNamed(path, options.reader);
  checkSides(reader, sides);
  const input = { file, values, sides: sideFiles(sides), account: new LineAccount() };
  const inputs = [input, ...Object.values(input.sides)];
  if (reader.yields === 'events') {
    if (split) throw notSplit(reader);
    return { ...(await reader.open({ ...input, bytes })), inputs };
  }
  if (path !== STDIN) await close();
  return { ...(await importRequests({ ...input, path, reader, split })), inputs };
}

function notSplit({ name }: EventReader): InputError {
  return new InputError(
    `--split cuts requests into pages, and reader ${name} reads events; expected a reader of requests`,
  );
}
