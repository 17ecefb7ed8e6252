import { InputError } from '../../base/errors.js';
import { unknownName } from '../../base/nearest.js';
import { parseParameters } from '../../base/parameters.js';
import { parsePairs } from '../../base/parse.js';
import { address } from './address.js';
import { arc } from './arc.js';
import { csv } from './csv.js';
import { lackey } from './lackey.js';
import { lackeyRun } from './lackey-run.js';
import { lirs } from './lirs.js';
import { msr } from './msr.js';
import { oracleGeneral } from './oracle-general.js';
import { pages } from './pages.js';
import { perf } from './perf.js';
import { FIT, type RequestReader } from './reader.js';
import { spc } from './spc.js';
import { txt } from './txt.js';
import { vscsi } from './vscsi.js';

/** All readers of other people's formats of requests. Where two fit a file alike, the one named first reads it. */
export const READERS: readonly RequestReader[] = [
  oracleGeneral,
  vscsi,
  msr,
  spc,
  csv,
  arc,
  address,
  lackey,
  lackeyRun,
  perf,
  pages,
  txt,
  lirs,
];

/** Names that `--format` takes. */
export function formatNames(): string[] {
  return READERS.map(({ name }) => name);
}

/**
 * The reader of a format.
 *
 * @param format its name, or `name:key=value,key=value`
 * @throws InputError for a name or key that is not known
 */
export function readerOf(format: string): RequestReader {
  const [name = '', ...rest] = format.split(':');
  const reader = READERS.find((known) => known.name === name);
  if (!reader) throw unknownName('format', name, formatNames());
  if (rest.length === 0) return reader;
  const values = parseParameters(
    `format ${name}`,
    reader.parameters ?? {},
    parsePairs(rest.join(':').split(','), `"${format}"`),
  );
  return reader.configured?.(values) ?? reader;
}

/** Whether a file's name, its compression apart, ends as files of this format do. */
function endsAs(reader: RequestReader, file: string): boolean {
  const plain = file.toLowerCase().replace(/\.(gz|br|zst)$/, '');
  return reader.extensions.some((extension) => plain.endsWith(extension));
}

/** The reader whose format fits a file best: by content, and by name among those that fit it equally. */
function detected(head: Uint8Array, file: string): RequestReader | undefined {
  let best: { readonly reader: RequestReader; readonly score: number } | undefined;
  for (const reader of READERS) {
    const fit = reader.detect(head);
    if (fit === FIT.none) continue;
    const score = fit * 2 + (endsAs(reader, file) ? 1 : 0);
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
 * @param names the formats to choose from, for messages
 * @throws InputError where no format fits
 */
export function chooseReader(
  head: Uint8Array,
  file: string,
  format?: string,
  names: readonly string[] = formatNames(),
): RequestReader {
  if (format !== undefined) return readerOf(format);
  if (head.length === 0) throw new InputError('the input is empty, expected requests', { file });
  const reader = detected(head, file);
  if (reader) return reader;
  throw new InputError(`no known format fits, expected one of ${names.join(', ')}; name it with --reader`, {
    file,
  });
}
