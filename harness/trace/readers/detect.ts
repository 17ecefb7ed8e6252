import { InputError } from '../../base/errors.js';
import { COMPRESSED_NAME, looksLikeBrotli } from '../io/decompress.js';
import type { Fit, Misfit, Reader } from './reader.js';
import { type ChosenReader, chosenReader, READERS } from './registry.js';
import { foreignText, isUtf16 } from './scan/encoding.js';
import { foreignFile } from './scan/foreign.js';

/** Endings that files of many formats have: they do not decide between two that fit. */
const COMMON_ENDINGS = ['.csv', '.tsv', '.txt', '.tr', '.trace', '.log', '.dat', '.out', '.bin'];

/** What logs name that are for a reader of one program, besides the general one. */
const PROGRAMS: Readonly<Record<string, RegExp>> = {
  chromium: /org\.chromium\.|chrom(e|ium)\b/i,
  mariadb: /mariadbd|mysqld|ibdata|ib_logfile/,
};

/** The ending of a file's name, without that of its compression, where it is one of this format. */
function endingOf(reader: Reader, file: string): string | undefined {
  const plain = file.toLowerCase().replace(COMPRESSED_NAME, '');
  return reader.extensions.find((extension) => plain.endsWith(extension));
}

/** A reader that a file fits. */
interface Fitting {
  readonly reader: Reader;
  readonly fit: Fit;
  /** The ending of the file's name, where it is one of the format. */
  readonly ending: string | undefined;
}

/** A reader that a file does not fit. */
interface Candidate {
  readonly reader: Reader;
  readonly misfit: Misfit;
  /** Whether the file's name is that of the format, and whether it is of few others. */
  readonly named: boolean;
  readonly own: boolean;
}

/** Readers that the error names where none fits. */
const SHOWN_CANDIDATES = 3;
/** Bytes that are right in any format now and then. */
const FEW = 3;
/** Those that it names where nothing is right in any format: of logs, and of all else. */
const GENERAL = ['strace', 'csv'];
/** Reasons that say no more than that a text is not binary, or the other way round. */
const OF_BINARY = /^(the first binary|binary record|\d+ bytes)/;
const OF_TEXT = /^this is binary/;

/**
 * The formats that are nearest to a file: those that its name is of, then by what is right in it. Others are far from it
 * of which less than half as much is right.
 */
function nearestOf(candidates: readonly Candidate[], head: Uint8Array): Candidate[] {
  const pointless = head.includes(0) ? OF_TEXT : OF_BINARY;
  const known = candidates.filter(({ misfit }) => !pointless.test(misfit.why));
  const most = Math.max(...known.map(({ misfit }) => misfit.reached));
  const near = known.filter(({ misfit, named }) => named || (most > FEW && misfit.reached * 2 > most));
  const shown = near.length > 0 ? near : known.filter(({ reader }) => GENERAL.includes(reader.name));
  return (
    (shown.length > 0 ? shown : known)
      .toSorted((a, b) => Number(b.own) - Number(a.own) || b.misfit.reached - a.misfit.reached)
      // Formats of one kind of log have one reason.
      .filter(({ misfit }, i, all) => all.findIndex((other) => other.misfit.why === misfit.why) === i)
      .slice(0, SHOWN_CANDIDATES)
  );
}

/** The error where no format fits: why not, of the formats that are nearest by the file's name and by what is right in it. */
function noneFits(candidates: readonly Candidate[], head: Uint8Array, file: string): InputError {
  const foreign = foreignText(head) ?? foreignFile(head);
  if (foreign !== undefined) return new InputError(foreign, { file });
  if (looksLikeBrotli(head))
    return new InputError(
      'this looks brotli-compressed, which only a name that ends in .br says; rename it, or use brotli -dc FILE | reclaim … -',
      { file },
    );
  const nearest = nearestOf(candidates, head).map(({ reader, misfit }) => `${reader.name}: ${misfit.why}`);
  return new InputError(
    `no known format fits: ${nearest.join('; ')}; name it with --reader (reclaim readers lists all)`,
    { file },
  );
}

/** The error where formats fit equally well that read a file differently: what each of them wants. */
function severalFit(fitting: readonly Fitting[], file: string): InputError {
  const wants = fitting.map(({ reader }) => `${reader.name} (${reader.summary})`).join(', and ');
  const flags = fitting.map(({ reader }) => `--reader ${reader.name}`).join(' or ');
  return new InputError(`${fitting.length} formats fit: ${wants}; expected one to be named: ${flags}`, {
    file,
  });
}

/** Tries all readers. */
function tryAll(head: Uint8Array, file: string) {
  const fitting: Fitting[] = [];
  const candidates: Candidate[] = [];
  for (const reader of READERS) {
    const detection = reader.detect(head);
    const ending = endingOf(reader, file);
    const fit = detection.fit || (ending === undefined ? 0 : ((detection as Misfit).ifNamed ?? 0));
    if (fit > 0) fitting.push({ reader, fit, ending });
    else {
      const own = ending !== undefined && !COMMON_ENDINGS.includes(ending);
      const named = own || (ending !== undefined && reader.name === 'csv');
      candidates.push({ reader, misfit: detection as Misfit, named, own });
    }
  }
  return { fitting, candidates };
}

/** Of readers that fit best, the one that the file's name is of; undefined where it does not decide. */
function bestOf(fitting: readonly Fitting[]): Reader | undefined {
  const named = fitting.filter(({ ending }) => ending !== undefined && !COMMON_ENDINGS.includes(ending));
  const best = named.length > 0 ? named : fitting;
  const family = best[0]?.reader.family;
  const alike =
    best.length === 1 || (family !== undefined && best.every(({ reader }) => reader.family === family));
  return alike ? (best.find(({ ending }) => ending !== undefined) ?? best[0])?.reader : undefined;
}

/** Readers that the file suggests as well: those of one program that it names, or that must be named and fit. */
function suggested(chosen: Reader, fitting: readonly Fitting[], head: Uint8Array): string[] {
  const text = Buffer.from(head).toString('latin1');
  return fitting
    .filter(({ reader }) => reader !== chosen && reader.yields === 'events')
    .filter(({ reader }) => PROGRAMS[reader.name]?.test(text) ?? reader.family !== chosen.family)
    .map(({ reader }) => reader.name);
}

/**
 * The reader whose format fits a file best: by content, and by name among those that fit it equally well.
 *
 * @param head its first bytes, decompressed
 * @param file what messages call it
 * @param wanted what it should yield: where no format fits, the error names only readers that do
 * @throws InputError where no format fits, with the reasons of the nearest ones, and where several do that differ
 */
export function detectReader(head: Uint8Array, file: string, wanted?: Reader['yields']): ChosenReader {
  if (head.length === 0) throw new InputError('the input is empty, expected a log or requests', { file });
  if (isUtf16(head)) throw new InputError(foreignText(head)!, { file });
  const { fitting, candidates } = tryAll(head, file);
  const isWanted = ({ reader }: { readonly reader: Reader }) =>
    wanted === undefined || reader.yields === wanted;
  const most = Math.max(0, ...fitting.map(({ fit }) => fit));
  const best = fitting.filter(({ fit }) => fit === most);
  if (best.length === 0) throw noneFits(candidates.filter(isWanted), head, file);
  const read = best.some(isWanted) ? best.filter(isWanted) : best;
  const reader = bestOf(read);
  if (!reader) throw severalFit(read, file);
  return { ...chosenReader(reader, {}), also: suggested(reader, fitting, head) };
}
