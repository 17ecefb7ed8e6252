import { InputError } from '../../input/errors.js';
import { unknownName } from '../../input/nearest.js';
import { oracleGeneral } from './oracle-general.js';
import { pages } from './pages.js';
import type { RequestReader } from './reader.js';

/** All readers of other people's formats of requests. Where two fit a file alike, the one named first reads it. */
export const READERS: readonly RequestReader[] = [oracleGeneral, pages];

/** Names that `--format` takes. */
export function formatNames(): string[] {
  return READERS.map(({ name }) => name);
}

/** The reader of a format. @throws InputError for a name that is not known */
export function readerOf(format: string): RequestReader {
  const reader = READERS.find(({ name }) => name === format);
  if (!reader) throw unknownName('format', format, formatNames());
  return reader;
}

/** Whether a file's name, its compression apart, ends as files of this format do. */
function endsAs(reader: RequestReader, file: string): boolean {
  const plain = file.toLowerCase().replace(/\.(gz|br|zst)$/, '');
  return reader.extensions.some((extension) => plain.endsWith(extension));
}

/** The reader whose format fits a file: by its name among those that its content fits, else by content alone. */
function detected(head: Uint8Array, file: string): RequestReader | undefined {
  let best: { readonly reader: RequestReader; readonly score: number } | undefined;
  for (const reader of READERS) {
    const fit = reader.detect(head);
    const score = fit > 0 && endsAs(reader, file) ? fit + 10 : fit;
    if (score > (best?.score ?? 0)) best = { reader, score };
  }
  return best?.reader;
}

/**
 * The reader for a file.
 *
 * @param head its first bytes, decompressed
 * @param file what messages call it
 * @param format the name of the format, where the user gave it
 * @throws InputError where no format fits
 */
export function chooseReader(head: Uint8Array, file: string, format?: string): RequestReader {
  if (format !== undefined) return readerOf(format);
  if (head.length === 0) throw new InputError('the input is empty, expected requests', { file });
  const reader = detected(head, file);
  if (reader) return reader;
  throw new InputError(
    `no known format fits, expected one of ${formatNames().join(', ')}; name it with --format`,
    { file },
  );
}
