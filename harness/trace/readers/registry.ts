import { InputError } from '../../base/errors.js';
import { unknownName } from '../../base/nearest.js';
import { type ParameterValues, parseParameters } from '../../base/parameters.js';
import { parsePairs } from '../../base/parse.js';
import { address } from './address.js';
import { alibaba } from './alibaba.js';
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
import { ibm } from './ibm.js';
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
import type { Reader } from './reader.js';
import { spc } from './spc.js';
import { strace } from './strace/import.js';
import { systor } from './systor.js';
import { tencent } from './tencent.js';
import { twitter } from './twitter.js';
import { txt } from './txt.js';
import { vscsi } from './vscsi.js';
import { webcachesim } from './webcachesim.js';
import { wiki } from './wiki.js';
import { youtube } from './youtube.js';

/**
 * All readers of other people's formats; those of modules of the user's are added when they are loaded. Where two of one family
 * fit a file equally well, the one named first reads it.
 */
export const READERS: Reader[] = [
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
  alibaba,
  tencent,
  systor,
  twitter,
  ibm,
  wiki,
  youtube,
  blkparse,
  fiu,
  fio,
  csv,
  webcachesim,
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
  /** Names of other readers that may be meant: what the file says suggests them. */
  readonly also?: readonly string[];
}

function readerNames(): string[] {
  return READERS.map(({ name }) => name);
}

/** A reader with its parameters as given, the others at their defaults. */
export function chosenReader(reader: Reader, given: Readonly<Record<string, string>>): ChosenReader {
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
  return chosenReader(reader, colon < 0 ? {} : parsePairs(spec.slice(colon + 1).split(','), `"${spec}"`));
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
