import { type Field, parseLayout, type RequestLayout } from './layout.js';

/** A format string, and which of its fields are what: numbers count from 1; sizes are added up. */
interface Described {
  readonly format: string;
  readonly id: number;
  readonly time?: number;
  readonly sizes?: readonly number[];
  readonly op?: number;
  readonly next?: number;
}

const TIMED = { time: 1, id: 2, sizes: [3] } as const;
const UNTIMED = { id: 1, sizes: [2] } as const;

/**
 * The records of libCacheSim that have a name, all little-endian without padding.
 * Source: libCacheSim/traceReader/customizedReader/{twrBin,twrNSBin,wikiBin,cf1Bin,akamaiBin,standardBin,valpinBin}.h and oracle/
 */
const DESCRIBED: Readonly<Record<string, Described>> = {
  valpin: { format: '<Q', id: 1 },
  standardIII: { format: '<III', ...TIMED },
  standardIQI: { format: '<IQI', ...TIMED },
  standardIQIBH: { format: '<IQIBH', ...TIMED, op: 4 },
  twr: { format: '<IQk3xB', ...TIMED, op: 4 },
  twrNS: { format: '<IQk3xBH', ...TIMED, op: 4 },
  cf1: { format: '<IQQiIIHHHBBB', ...TIMED },
  akamai: { format: '<IQIHHH', ...TIMED },
  wiki16u: { format: '<QIH', ...UNTIMED },
  wiki19u: { format: '<IQIH', ...TIMED },
  wiki19t: { format: '<IQI', ...TIMED },
  oracleGeneral: { format: '<IQIq', ...TIMED, next: 4 },
  oracleGeneralOpNS: { format: '<IQIBHq', ...TIMED, op: 4, next: 6 },
  oracleSimTwrNS: { format: '<IQIiHq', ...TIMED, next: 6 },
  oracleSysTwrNS: { format: '<IQHIHHiq', time: 1, id: 2, sizes: [3, 4], op: 5, next: 8 },
  oracleCF1: { format: '<IQQiIIqHHHBBB', ...TIMED, next: 7 },
  oracleAkamai: { format: '<IQIHHHq', ...TIMED, next: 7 },
  oracleWiki16u: { format: '<QIHq', ...UNTIMED, next: 4 },
  oracleWiki19u: { format: '<IQIHq', ...TIMED, next: 5 },
};

function layoutOf({ format, id, time, sizes = [], op, next }: Described): RequestLayout {
  const { bytes, little, fields } = parseLayout(format);
  const field = (number: number | undefined): Field | undefined =>
    number === undefined ? undefined : fields[number - 1];
  return {
    bytes,
    little,
    id: field(id)!,
    time: field(time),
    sizes: sizes.map((size) => field(size)!),
    op: field(op),
    next: field(next),
  };
}

/** Layouts of requests by their names in libCacheSim. */
export const NAMED_LAYOUTS: ReadonlyMap<string, RequestLayout> = new Map(
  Object.entries(DESCRIBED).map(([name, described]) => [name, layoutOf(described)]),
);
