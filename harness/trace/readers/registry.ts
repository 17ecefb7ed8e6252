import { InputError } from '../../base/errors.js';
import { unknownName } from '../../base/nearest.js';
import { type ParameterValues, parseParameters } from '../../base/parameters.js';
import { parsePairs } from '../../base/parse.js';
import { COMPRESSED_NAME, looksLikeBrotli } from '../io/decompress.js';
import { address } from './address.js';
import { arc } from './arc.js';
import { binary } from './binary.js';
import { blkparse } from './blkparse.js';
import { chromium } from './chromium/import.js';
import { csv } from './csv.js';
import { damon } from './damon.js';
import { dinero } from './dinero.js';
import { drmemtrace } from './drmemtrace.js';
import { fio } from './fio.js';
import { fiu } from './fiu.js';
import { guests } from './guests/import.js';
import { lackey } from './lackey.js';
import { lackeyRun } from './lackey-run.js';
import { lcs } from './lcs.js';
import { lirs } from './lirs.js';
import { mariadb } from './mariadb/import.js';
import { msr } from './msr.js';
import { oracleGeneral } from './oracle-general.js';
import { pages } from './pages.js';
import { penalties } from './penalties.js';
import { perf } from './perf.js';
import { pinatrace } from './pinatrace.js';
import { postgresql } from './postgresql/import.js';
import { ramulator } from './ramulator.js';
import type { Misfit, Reader } from './reader.js';
import { spc } from './spc.js';
import { strace } from './strace/import.js';
import { txt } from './txt.js';
import { vscsi } from './vscsi.js';

/** All readers of other people's formats. Where two fit a file equally well, the one named first reads it. */
export const READERS: readonly Reader[] = [
  strace,
  chromium,
  mariadb,
  guests,
  postgresql,
  lcs,
  oracleGeneral,
  vscsi,
  binary,
  msr,
  spc,
  blkparse,
  fiu,
  fio,
  csv,
  arc,
  address,
  penalties,
  lackey,
  lackeyRun,
  pinatrace,
  drmemtrace,
  dinero,
  ramulator,
  perf,
  damon,
  pages,
  txt,
  lirs,
];

/** A reader with the values of its parameters. */
export interface ChosenReader {
  readonly reader: Reader;
  readonly values: ParameterValues;
}

function readerNames(): string[] {
  return READERS.map(({ name }) => name);
}

function chosen(reader: Reader, given: Readonly<Record<string, string>>): ChosenReader {
  return { reader, values: parseParameters(`reader ${reader.name}`, reader.parameters, given) };
}

/**
 * The reader that a text names.
 *
 * @param spec its name, or `name:key=value,key=value`
 * @throws InputError for a name, key or value that is not known, and where a required parameter is missing
 */
export function readerOf(spec: string): ChosenReader {
  const colon = spec.indexOf(':');
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const reader = READERS.find((known) => known.name === name);
  if (!reader) throw unknownName('reader', name, readerNames());
  return chosen(reader, colon < 0 ? {} : parsePairs(spec.slice(colon + 1).split(','), `"${spec}"`));
}

/** Whether a file's name, without that of its compression, ends as files of this format do. */
function endsAs(reader: Reader, file: string): boolean {
  const plain = file.toLowerCase().replace(COMPRESSED_NAME, '');
  return reader.extensions.some((extension) => plain.endsWith(extension));
}

/** A reader that a file does not fit. */
interface Candidate {
  readonly reader: Reader;
  readonly misfit: Misfit;
  /** Whether the file's name is that of the format. */
  readonly named: boolean;
}

/** Readers that the error names where none fits. */
const SHOWN_CANDIDATES = 3;

/** The error where no format fits: why not, of the formats that are nearest by the file's name and by what is right in it. */
function noneFits(candidates: readonly Candidate[], head: Uint8Array, file: string): InputError {
  if (looksLikeBrotli(head))
    return new InputError(
      'this looks brotli-compressed, which only a name that ends in .br says; rename it, or use brotli -dc FILE | reclaim … -',
      { file },
    );
  const nearest = candidates
    .toSorted((a, b) => Number(b.named) - Number(a.named) || b.misfit.reached - a.misfit.reached)
    // Formats of one kind of log have one reason.
    .filter(({ misfit }, i, all) => all.findIndex((other) => other.misfit.why === misfit.why) === i)
    .slice(0, SHOWN_CANDIDATES)
    .map(({ reader, misfit }) => `${reader.name}: ${misfit.why}`);
  return new InputError(
    `no known format fits: ${nearest.join('; ')}; name it with --reader (reclaim readers lists all)`,
    { file },
  );
}

/**
 * The reader whose format fits a file best: by content, and by name among those that fit it equally well.
 *
 * @param head its first bytes, decompressed
 * @param file what messages call it
 * @param wanted what it should yield: where no format fits, the error names only readers that do
 * @throws InputError where no format fits, with the reasons of the nearest ones
 */
export function detectReader(head: Uint8Array, file: string, wanted?: Reader['yields']): ChosenReader {
  if (head.length === 0) throw new InputError('the input is empty, expected a log or requests', { file });
  let best: { readonly reader: Reader; readonly score: number } | undefined;
  const candidates: Candidate[] = [];
  for (const reader of READERS) {
    const detection = reader.detect(head);
    const named = endsAs(reader, file);
    if (detection.fit === 0) {
      if (wanted === undefined || reader.yields === wanted)
        candidates.push({ reader, misfit: detection, named });
      continue;
    }
    const score = detection.fit * 2 + (named ? 1 : 0);
    if (score > (best?.score ?? 0)) best = { reader, score };
  }
  if (!best) throw noneFits(candidates, head, file);
  return chosen(best.reader, {});
}

/**
 * Checks side inputs against what a reader takes.
 *
 * @param given paths by the names of side inputs
 * @throws InputError for one that the reader does not take, and where a required one is missing
 */
export function checkSides({ name, sides }: Reader, given: Readonly<Record<string, string>>): void {
  for (const side of Object.keys(given))
    if (!Object.hasOwn(sides, side))
      throw unknownName(`side input of reader ${name}`, side, Object.keys(sides));
  for (const [side, { meaning, required }] of Object.entries(sides))
    if (required && !(side in given))
      throw new InputError(`reader ${name} needs ${meaning}, expected --with ${side}=FILE`);
}
