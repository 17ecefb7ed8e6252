import type { OperationKinds } from './operations.js';

/** What a column of a table is; small integers, as each field of each line asks for it. */
export const ROLE = { skip: 0, time: 1, id: 2, size: 3, op: 4, volume: 5, count: 6, part: 7 } as const;
export type Role = (typeof ROLE)[keyof typeof ROLE];

/** Units of times: `filetime` is steps of 100 ns, `date` a text as in 2023-10-01 12:00:00. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns' | 'filetime' | 'date';

/** Units of times, in words. */
export const UNIT_NAMES: Readonly<Record<TimeUnit, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  filetime: 'steps of 100 ns',
  date: 'date, as in 2023-10-01 12:00:00',
};

/** What ids are: decimal (or 0x…), hexadecimal without 0x, or texts, which are hashed. */
export type IdKind = 'number' | 'hex' | 'text';

/** How the lines of a table are read. */
export interface Layout {
  /** The byte between fields; a space stands for any run of blanks. */
  readonly delimiter: number;
  /** By column. */
  readonly roles: readonly Role[];
  /** By column, what a header calls it; empty without one. */
  readonly names: readonly string[];
  /** Whether the first line is a header, or how it begins where it is one. */
  readonly header: boolean | RegExp;
  /** Whether more columns may follow. */
  readonly open: boolean;
  /** Columns that every line has: the last ones may be missing. */
  readonly required: number;
  readonly unit: TimeUnit;
  readonly ids: IdKind;
  /** What operations do; undefined where there is no column of them. */
  readonly operations: OperationKinds | undefined;
  /** Bytes of a unit of an id; undefined: as the reader says. */
  readonly idBytes: number | undefined;
  /** Bytes of a unit of a size. */
  readonly sizeBytes: number;
  /** Whether ids may be negative: 64-bit numbers with a sign. */
  readonly signed: boolean;
  /** Of a column that goes on with the time, as tv_nsec with tv_sec: microseconds of its unit. */
  readonly partUs: number;
  /** Lines before the header that are none, as `sep=;`. */
  readonly preamble: number;
  /** What is assumed of all lines. */
  readonly remarks: readonly string[];
  /** What is assumed of their times. */
  readonly timeRemarks: readonly string[];
}

/** What tables say where there is no value. */
export const MISSING = /^(|na|n\/a|nan|null|none|nil|\\n)$/i;

/** What is said of ids that are texts. */
export const TEXT_IDS = 'ids that are texts, hashed to 64 bits';

/** What a named format says of its lines; the rest is as in most of them. */
export type FixedLayout = Pick<Layout, 'roles'> & Partial<Layout>;

/** The layout of a format that has no header: numbers, seconds and bytes, unless it says otherwise. */
export function fixedLayout(fixed: FixedLayout): Layout {
  return {
    delimiter: 0x2c,
    names: [],
    header: false,
    open: false,
    required: fixed.roles.length,
    unit: 's',
    ids: 'number',
    operations: undefined,
    idBytes: undefined,
    sizeBytes: 1,
    signed: false,
    partUs: 0,
    preamble: 0,
    remarks: [],
    timeRemarks: [],
    ...fixed,
  };
}
