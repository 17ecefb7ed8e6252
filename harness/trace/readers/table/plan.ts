import { itemsOf, type ParameterValues } from '../../../base/parameters.js';
import { FIT } from '../reader.js';
import {
  atLine,
  type Column,
  fieldsOf,
  isMisfit,
  shown,
  type Table,
  type TableMisfit,
  tableOf,
} from './columns.js';
import { type IdKind, type Layout, MISSING, ROLE, TEXT_IDS, type TimeUnit, UNIT_NAMES } from './layout.js';
import { plainName } from './names.js';
import { DOES, givenKinds, type OperationKinds, planOperations, wordKinds, yesKinds } from './operations.js';
import { isDate } from './times.js';

/** From which time on a whole number is not of the unit before: 2^53 µs, so that every time below it is exact. */
const MAGNITUDES: readonly (readonly [from: number, unit: TimeUnit])[] = [
  [9e15, 'ns'],
  [9e12, 'us'],
  [9e9, 'ms'],
  [0, 's'],
];
/** Steps of 100 ns since 1601 are between these from 1949 to 2076, where nanoseconds since 1970 would be of 1973 and 1974. */
const FILETIMES = [1.1e17, 1.5e17] as const;

/** The unit of times, with what is to be said where it is assumed. */
function unitOf(
  table: Table,
  values: ParameterValues,
): { readonly unit: TimeUnit; readonly remark?: string } | TableMisfit {
  const fields = fieldsOf(table, ROLE.time);
  const odd = fields.findIndex((field) => !TIME.test(field) && !MISSING.test(field) && !isDate(field));
  if (odd >= 0)
    return atLine(
      table.rows[odd]!.line,
      `has the time ${shown(fields[odd]!)}, expected a number or a date and time, as in 2023-10-01 12:00:00`,
    );
  if (values.unit !== 'auto') return { unit: values.unit as TimeUnit };
  const named = table.columns.find((column) => column?.role === ROLE.time)?.unit;
  if (fields.some(isDate)) return { unit: 'date' };
  if (named) return { unit: named };
  const largest = Math.max(0, ...fields.map(Number).filter(Number.isFinite));
  const [low, high] = FILETIMES;
  const filetime = largest > low && largest < high;
  const unit = filetime ? 'filetime' : MAGNITUDES.find(([from]) => largest >= from)![1];
  if (unit !== 's')
    return {
      unit,
      remark: `times taken as ${UNIT_NAMES[unit]} by their size (unit=… says otherwise)`,
    };
  const sure = largest >= 1e9 || fields.some((field) => field.includes('.'));
  return sure || table.names.length === 0
    ? { unit }
    : { unit, remark: 'times without a unit taken as seconds (unit=… says otherwise)' };
}

/** Numbers that may be times. */
const TIME = /^[+-]?\d*([.,]\d*)?(e[+-]?\d+)?$/i;
const WHOLE = /^(0x[0-9a-f]+|\d+(\.0*)?)$/i;
const NEGATIVE = /^-\d+(\.0*)?$/;
const HEX = /^(0x)?[0-9a-f]{1,16}$/i;
/** What looks like a number and is not a whole one. */
const ODD_NUMBER = /^[+-]?\d*([.,]\d*)?(e[+-]?\d+)?$/i;

/** What the ids are, or why the first lines do not show it. */
function idsOf(table: Table, values: ParameterValues): IdKind | TableMisfit {
  if (values.ids !== 'auto') return values.ids as IdKind;
  const ids = fieldsOf(table, ROLE.id);
  const { place } = table.columns.find((column) => column?.role === ROLE.id)!;
  const signed = place ? undefined : NEGATIVE;
  const odd = ids.findIndex((id) => !WHOLE.test(id) && !MISSING.test(id) && !signed?.test(id));
  if (odd < 0) return 'number';
  const { line } = table.rows[odd]!;
  const id = ids[odd]!;
  if (ODD_NUMBER.test(id))
    return atLine(line, `has the id ${shown(id)}, expected a whole number (csv:ids=text takes it as a text)`);
  if (!place) return 'text';
  return atLine(
    line,
    ids.every((other) => HEX.test(other))
      ? `has the address ${shown(id)}, hexadecimal without 0x: csv:ids=hex reads it so`
      : `has the address ${shown(id)}, expected a number (csv:ids=text takes it as a text)`,
  );
}

/** What the operations do, or why the first lines do not show it. */
function operationsOf(
  table: Table,
  values: ParameterValues,
): { readonly kinds?: OperationKinds; readonly remark?: string } | TableMisfit {
  const fields = fieldsOf(table, ROLE.op);
  if (fields.length === 0) return {};
  const [reads, writes] = [itemsOf(values.reads), itemsOf(values.writes)];
  if (reads.length + writes.length > 0) return { kinds: givenKinds(reads, writes) };
  const column = table.columns.findIndex((one) => one?.role === ROLE.op);
  const { yes } = table.columns[column]!;
  if (yes !== undefined) return { kinds: yesKinds(yes) };
  const name = plainName(table.names[column] ?? '');
  // CacheLib's traces of a CDN: 1 is a GET.
  if (name === 'op_type' && table.names.some((other) => plainName(other) === 'cache_key'))
    return { kinds: givenKinds(['1'], []) };
  const texts = [...new Set(fields.filter((field) => !MISSING.test(field)))];
  if (texts.length === 0) return { kinds: wordKinds };
  const plan = planOperations(texts);
  if (plan) return plan;
  const some = texts.slice(0, 3).map(shown).join(', ');
  return atLine(
    table.rows[0]!.line,
    `has an unknown operation: ${some}; say what they do: csv:reads=…,writes=…`,
  );
}

/** Takes for operations the one column of a header that has nothing but reads and writes, whatever its name. Returns what is said of that. */
function findOperations({ columns, names, rows }: Table): string | undefined {
  if (columns.some((column) => column?.role === ROLE.op)) return undefined;
  const found = names.flatMap((_, i) => {
    const texts = rows.map(({ fields }) => (fields[i] ?? '').trim());
    return !columns[i] && texts.every((text) => wordKinds(text) !== DOES.other) ? [i] : [];
  });
  const [column] = found;
  if (column === undefined || found.length > 1) return undefined;
  (columns as Column[])[column] = { role: ROLE.op };
  return `column ${shown(names[column]!.trim())} taken as operations`;
}

/** Columns of a header that are not read. */
function unread({ names, columns }: Table): string[] {
  const unused = names.filter((name, i) => name.trim() !== '' && !columns[i]);
  return unused.length === 0
    ? []
    : [`columns that are not read: ${unused.map((name) => name.trim()).join(', ')}`];
}

/** Why a table without a header is not taken for time, id, size unasked; undefined where it is. */
function unlikely({ columns, rows }: Table, ids: IdKind): TableMisfit | undefined {
  const time = columns.findIndex((column) => column?.role === ROLE.time);
  for (let row = 1; row < rows.length; row++)
    if (Number(rows[row]!.fields[time]) < Number(rows[row - 1]!.fields[time]))
      return atLine(
        rows[row]!.line,
        'has a time before the last one: name the columns, as in csv:time=1,id=2',
      );
  if (ids !== 'text') return undefined;
  const name = 'has a text as its id: csv:time=1,id=2,ids=text reads it';
  return atLine(rows[0]!.line, name, FIT.possible);
}

/**
 * How the lines of a file are read, by its first lines and by the values of the parameters of `csv`.
 *
 * @param head the first bytes of the file
 * @param detecting whether the reader has not been named: what is not shown by a header must be likely
 * @returns a misfit where they do not show it, with the line and what a parameter may say
 */
export function planTable(
  head: Uint8Array,
  values: ParameterValues,
  detecting = false,
): Layout | TableMisfit {
  const table = tableOf(head, values);
  if (isMisfit(table)) return table;
  const ids = idsOf(table, values);
  if (typeof ids !== 'string') return ids;
  const doubt = detecting && table.names.length === 0 ? unlikely(table, ids) : undefined;
  if (doubt) return doubt;
  const foundOperations = findOperations(table);
  const operations = operationsOf(table, values);
  if (isMisfit(operations)) return operations;
  const units = unitOf(table, values);
  if (isMisfit(units)) return units;
  const { unit, remark } = units;
  const { columns, names, header, delimiter } = table;
  const id = columns.find((column) => column?.role === ROLE.id);
  const size = columns.find((column) => column?.role === ROLE.size);
  const timed = columns.some((column) => column?.role === ROLE.time);
  return {
    delimiter: delimiter.charCodeAt(0),
    roles: columns.map((column) => column?.role ?? ROLE.skip),
    names,
    header,
    open: false,
    required: columns.length,
    unit,
    ids,
    operations: operations.kinds,
    idBytes: unitBytes(values.id_unit, id?.idBytes),
    sizeBytes: unitBytes(values.size_unit, size?.sizeBytes) ?? 1,
    signed: !id?.place && ids === 'number',
    partUs: table.partUs,
    preamble: table.preamble,
    timeRemarks: [
      ...(timed ? [] : ['no column of times: 1 µs a request']),
      ...(remark === undefined || !timed ? [] : [remark]),
    ],
    remarks: [
      ...(foundOperations === undefined ? [] : [foundOperations]),
      ...(ids === 'text' ? [TEXT_IDS] : []),
      ...(operations.remark === undefined ? [] : [operations.remark]),
      ...unread(table),
    ],
  };
}

const UNIT_BYTES: Readonly<Record<string, number>> = { bytes: 1, sectors: 512, pages: 4096 };

/** Bytes of a unit: as a parameter says, else as a name does. */
function unitBytes(
  given: ParameterValues[string] | undefined,
  named: number | undefined,
): number | undefined {
  return UNIT_BYTES[String(given)] ?? named;
}
