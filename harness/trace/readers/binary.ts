import { InputError } from '../../base/errors.js';
import { unknownName } from '../../base/nearest.js';
import { itemsOf, type Parameter, type ParameterValues } from '../../base/parameters.js';
import { peekBytes } from '../io/peek.js';
import { type Detection, FIT, type Fit, misfit, type ReaderInput, type RequestReader } from './reader.js';
import { cacheOperation } from './scan/cache-ops.js';
import {
  type Field,
  isWhole,
  type LayoutMeaning,
  parseLayout,
  RecordView,
  type RequestLayout,
  readLayout,
} from './scan/layout.js';
import { NAMED_LAYOUTS } from './scan/named-layouts.js';

/** Bytes looked at to tell a layout. */
const HEAD_BYTES = 1 << 13;
/** Upper words of a next access are below this, or it means never: a trace has fewer than 2^53 requests. */
const NEXT_HIGH_LIMIT = 1 << 21;
const NEVER_HIGH = [0xffff_ffff, 0x7fff_ffff];
/** Microseconds of a unit of time. */
const UNITS: Readonly<Record<string, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3 };
const EXAMPLE = "--reader 'binary:format=<IQI,time=1,id=2,size=3'";

/** How surely records are of a layout with a next access; 0 where a time decreases, or a next access is no later record. */
function nextFit(head: Uint8Array, layout: RequestLayout): Fit {
  const { bytes, little, time, id, next } = layout;
  const view = new RecordView(head, little);
  const records = Math.floor(head.length / bytes);
  const hasId = (record: number, low: number, high: number) => {
    view.id(record * bytes, id);
    return view.low === low && view.high === high;
  };
  let last = 0;
  let seen = 0;
  for (let i = 0; i < records; i++) {
    const now = time ? view.number(i * bytes, time) : 0;
    view.id(i * bytes, next!);
    const never = NEVER_HIGH.includes(view.high);
    const later = view.high * 2 ** 32 + view.low;
    if (now < last || (!never && (view.high >= NEXT_HIGH_LIMIT || later <= i))) return FIT.none;
    last = now;
    if (never || later >= records) continue;
    view.id(i * bytes, id);
    const { low, high } = view;
    // Counted from 1, as libCacheSim does, or from 0.
    if (!hasId(later - 1, low, high) && !hasId(later, low, high)) return FIT.none;
    seen++;
  }
  if (records === 0) return FIT.none;
  return seen > 0 ? FIT.likely : FIT.possible;
}

/** The layout with a next access that the start of a file fits best, and how; oracleGeneral has a reader of its own. */
function foundLayout(
  head: Uint8Array,
): { readonly layout: RequestLayout; readonly fit: Exclude<Fit, 0> } | undefined {
  const start = head.subarray(0, HEAD_BYTES);
  const general = NAMED_LAYOUTS.get('oracleGeneral');
  for (const fit of [FIT.likely, FIT.possible]) {
    const layout = [...NAMED_LAYOUTS.values()].find(
      (known) => known.next && known !== general && nextFit(start, known) === fit,
    );
    if (layout) return { layout, fit };
  }
  return undefined;
}

function detect(head: Uint8Array): Detection {
  if (!head.includes(0)) return misfit('the first binary records would be text');
  const found = foundLayout(head);
  return found
    ? { fit: found.fit }
    : misfit(
        `the first binary records say too little of what they are, expected a description as in ${EXAMPLE}`,
      );
}

/** A field by its number. @throws InputError where there is none, or it is of another type than `what` wants */
function fieldOf(
  fields: readonly Field[],
  values: ParameterValues,
  name: string,
  whole: boolean,
): Field | undefined {
  const number = values[name] as number;
  if (number === 0) return undefined;
  const field = fields[number - 1];
  if (!field)
    throw new InputError(
      `binary:${name}=${number}, and the format has ${fields.length} fields, expected one of them`,
    );
  if (whole && !isWhole(field))
    throw new InputError(
      `binary:${name}=${number} is a field of type ${field.letter}, expected a whole number`,
    );
  return field;
}

/** The layout that parameters describe. */
function describedLayout(values: ParameterValues): RequestLayout {
  const format = String(values.format);
  const { bytes, little, fields } = parseLayout(format);
  const id = fieldOf(fields, values, 'id', true);
  if (!id)
    throw new InputError(
      `binary:format=${format} does not say which field is the id, expected as in ${EXAMPLE}`,
    );
  const size = fieldOf(fields, values, 'size', true);
  return {
    bytes,
    little,
    id,
    time: fieldOf(fields, values, 'time', false),
    sizes: size ? [size] : [],
    op: fieldOf(fields, values, 'op', true),
    volume: fieldOf(fields, values, 'volume', true),
  };
}

const FIELDS = ['time', 'id', 'size', 'op', 'volume'] as const;

/** The layout that a name stands for. @throws InputError for a name that is not known, and for fields that it has already */
function namedLayout(name: string, values: ParameterValues): RequestLayout | undefined {
  const layout = NAMED_LAYOUTS.get(name);
  if (!layout && /^[<>=!]|^[xcbBhHiIlLqQfkd\d]+$/.test(name)) return undefined;
  if (!layout)
    throw unknownName('format of binary', name, [...NAMED_LAYOUTS.keys(), 'a format string as <IQI']);
  const given = FIELDS.find((field) => values[field] !== 0);
  if (given)
    throw new InputError(`binary:${given}=${values[given]}, and format ${name} says which field that is`);
  return layout;
}

function meaningOf(values: ParameterValues, head: Uint8Array, file: string): LayoutMeaning {
  const format = String(values.format);
  const layout =
    format === '' ? foundLayout(head)?.layout : (namedLayout(format, values) ?? describedLayout(values));
  if (!layout)
    throw new InputError(
      `these records say too little of what they are, expected a description as in ${EXAMPLE}`,
      {
        file,
      },
    );
  const writes = new Set(itemsOf(values.writes).map(Number));
  return {
    layout,
    unitUs: UNITS[String(values.unit)]!,
    operation: writes.size === 0 ? cacheOperation : (op) => (writes.has(op) ? 1 : 0),
  };
}

async function* read(input: ReaderInput) {
  const { head, all } = await peekBytes(input.bytes, HEAD_BYTES);
  if (head.length === 0)
    throw new InputError('the input is empty, expected binary records', { file: input.file });
  yield* readLayout({ ...input, bytes: all }, meaningOf(input.values, head, input.file));
}

function field(meaning: string): Parameter {
  return {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 240,
    meaning: `${meaning}: its field, counted from 1; 0: there is none, or the name says it`,
  };
}

export const binary: RequestReader = {
  yields: 'requests',
  name: 'binary',
  summary:
    'libCacheSim: any binary records, by a format string or the name of one of its formats; those with a next access (oracleSysTwrNS and others) by content',
  extensions: ['.bin'],
  source:
    'https://github.com/1a1a11a/libCacheSim, traceReader/generalReader/binary.c; https://docs.python.org/3/library/struct.html',
  parameters: {
    format: {
      kind: 'list',
      default: '',
      item: /^[<>=!]?[A-Za-z\d]+$/,
      example: '<IQI',
      required: false,
      meaning:
        "fields as Python's module struct writes them, without padding: < or > and letters of cbBhHiIlLqQfd, x for a byte to skip; or a name as twr; by default those with a next access are found by content",
    },
    time: field('time'),
    id: field('object id'),
    size: field('size in bytes'),
    op: field('operation'),
    volume: field('disk that the id is on'),
    unit: { kind: 'choice', default: 's', choices: ['s', 'ms', 'us', 'ns'], meaning: 'unit of times' },
    writes: {
      kind: 'list',
      default: '',
      item: /^(0x[\da-f]+|\d+)$/i,
      example: '0x2a+0x8a',
      required: false,
      meaning:
        'operations that are writes, all others are reads; by default as libCacheSim numbers them (set, add, cas, write, …), deletions left out',
    },
  },
  sides: {},
  kind: 'object',
  idBytes: 512,
  timed: true,
  detect,
  read,
};
