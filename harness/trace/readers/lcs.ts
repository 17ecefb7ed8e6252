import { InputError } from '../../base/errors.js';
import { peekBytes } from '../io/peek.js';
import { type Detection, FIT, type InputFile, misfit, type RequestReader } from './reader.js';
import { cacheOperation } from './scan/cache-ops.js';
import { type Field, type Layout, parseLayout, type RequestLayout, readLayout } from './scan/layout.js';

const MAGIC = 0x1234_5678_9abc_def0n;

/** Of version 3 and later: 64-bit sizes, and a time to live. */
const VERSION_3 = '<IQqB3xIq';
/** By version: the record. Later ones differ in the number of features, which are not needed. */
const RECORDS = ['', '<IQIq', '<IQIB3xq', VERSION_3, ...[1, 2, 4, 8, 16].map((n) => `${VERSION_3}${n}I`)];

/** Until 2024, the header described the record by a format string and the numbers of its fields. */
const OLD = { bytes: 1024, end: 1016, requests: 488, version: 1008 } as const;
const NEW = { bytes: 8192, end: 8184, requests: 24, version: 8 } as const;

/** What a header says. */
interface Header {
  readonly bytes: number;
  /** Requests in the file. */
  readonly requests: number;
  readonly layout: RequestLayout;
}

/** A field by its number, counted from 1. */
function fieldOf({ fields }: Layout, number: number): Field | undefined {
  return number === 0 ? undefined : fields[number - 1];
}

function versionedLayout(version: number): RequestLayout {
  const record = RECORDS[version];
  if (!record) throw new InputError(`version ${version} of lcs, expected 1 to ${RECORDS.length - 1}`);
  const { bytes, little, fields } = parseLayout(record);
  const [time, id, size, op] = fields;
  return { bytes, little, id: id!, time, sizes: [size!], ...(version > 1 ? { op } : {}) };
}

/** Where the old header has the numbers of the fields. */
const OLD_FIELDS = { id: 248, size: 249, time: 250, op: 253 } as const;

function describedLayout(head: Buffer): RequestLayout {
  const format = head.toString('latin1', 8, OLD_FIELDS.id).replace(/\0.*$/s, '');
  const layout = parseLayout(format);
  const [id, size, time, op] = Object.values(OLD_FIELDS).map((at) => fieldOf(layout, head[at]!));
  if (!id) throw new InputError(`a header of lcs whose format ${format} has no field of ids`);
  return { bytes: layout.bytes, little: layout.little, id, time, sizes: size ? [size] : [], op };
}

/** What the start of a file says; undefined where it is no header. @throws InputError for a version that is not known */
function headerOf(bytes: Uint8Array): Header | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (head.length < 8 || head.readBigUInt64LE(0) !== MAGIC) return undefined;
  const marked = ({ end }: { readonly end: number }) =>
    head.length >= end + 8 && head.readBigUInt64LE(end) === MAGIC;
  const requests = (at: number) => Number(head.readBigInt64LE(at));
  if (marked(NEW)) {
    const version = Number(head.readBigUInt64LE(NEW.version));
    return { bytes: NEW.bytes, requests: requests(NEW.requests), layout: versionedLayout(version) };
  }
  if (marked(OLD))
    return { bytes: OLD.bytes, requests: requests(OLD.requests), layout: describedLayout(head) };
  throw new InputError(
    `a header of lcs that is cut short or has no end mark at byte ${OLD.end} or ${NEW.end}, expected it whole`,
  );
}

function detect(head: Uint8Array): Detection {
  try {
    return headerOf(head)
      ? { fit: FIT.certain }
      : misfit(
          'the first binary record is no header of lcs, which begins with the bytes f0 de bc 9a 78 56 34 12',
        );
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // It is one all the same: reading it says what is wrong.
    return { fit: FIT.certain };
  }
}

/** The number of requests is in the header, so that a file that ends early is found. */
async function* read(input: InputFile) {
  const { file, account } = input;
  const { head, all } = await peekBytes(input.bytes, NEW.bytes);
  if (head.length === 0) throw new InputError('the input is empty, expected a header of lcs', { file });
  const header = within(file, () => headerOf(head));
  if (!header) throw new InputError('this does not begin as a file of lcs, expected its header', { file });
  const meaning = { layout: header.layout, unitUs: 1e6, operation: cacheOperation };
  yield* readLayout({ ...input, bytes: all }, meaning, header.bytes);
  if (header.requests > account.total)
    throw new InputError(
      `the file is cut short: ${account.total} records, expected ${header.requests} as its header says`,
      { file },
    );
}

/** Errors of a header get the name of the file. */
function within<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof InputError ? error.at({ file }) : error;
  }
}

export const lcs: RequestReader = {
  yields: 'requests',
  name: 'lcs',
  summary:
    'libCacheSim: a header, then binary records of its version, 1 to 8, or as its format string says (until 2024): time (s), id, size, from version 2 on operation; deletions are left out',
  extensions: ['.lcs'],
  source: 'https://github.com/1a1a11a/libCacheSim, traceReader/customizedReader/lcs.h',
  parameters: {},
  sides: {},
  kind: 'object',
  idBytes: 512,
  timed: true,
  detect,
  read,
};
