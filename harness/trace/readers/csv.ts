import { InputError } from '../../base/errors.js';
import { type Parameter, type ParameterValues, parseParameters } from '../../base/parameters.js';
import { peekBytes } from '../io/peek.js';
import type { RequestBatch } from '../requests/batch.js';
import { LineAccount } from './account.js';
import { type Detection, FIT, type ReaderInput, type RequestReader } from './reader.js';
import { scanError } from './scan/lines.js';
import { isMisfit } from './table/columns.js';
import { planTable } from './table/plan.js';
import { readTable } from './table/read.js';
import { TableScanner } from './table/scanner.js';

/** Bytes that show the form of a table. */
const HEAD_BYTES = 1 << 16;

function column(meaning: string, example: string): Parameter {
  const where = 'its column, counted from 1, or its name; else as the header says';
  return {
    kind: 'list',
    default: '',
    item: /^.+$/,
    example,
    required: false,
    meaning: `${meaning}: ${where}`,
  };
}

function choice(meaning: string, ...choices: [string, ...string[]]): Parameter {
  return { kind: 'choice', default: choices[0], choices, meaning };
}

function operations(meaning: string, example: string): Parameter {
  return { kind: 'list', default: '', item: /^.+$/, example, required: false, meaning };
}

const parameters = {
  time: column('time', '1'),
  id: column('object id, block or address', 'obj_id'),
  size: column('size', '3'),
  op: column('operation', 'op'),
  volume: column('disk or device that the id is on, part of the key', '3'),
  unit: choice(
    'unit of times: as their name or their size says, else seconds',
    'auto',
    's',
    'ms',
    'us',
    'ns',
  ),
  ids: choice(
    'what ids are: numbers, hexadecimal without 0x, or texts, which are hashed',
    'auto',
    'number',
    'hex',
    'text',
  ),
  id_unit: choice(
    'what ids count, with --split: as their name says, else sectors of 512 bytes',
    'auto',
    'bytes',
    'sectors',
    'pages',
  ),
  size_unit: choice('what sizes count: as their name says, else bytes', 'auto', 'bytes', 'sectors', 'pages'),
  reads: operations('operations that read; with writes, all others are left out', 'get+gets'),
  writes: operations('operations that write', 'set+add'),
};
const DEFAULTS: ParameterValues = parseParameters('reader csv', parameters, {});

/** Reads the first lines as all the others will be. */
function detect(head: Uint8Array): Detection {
  const layout = planTable(head, DEFAULTS, true);
  if (isMisfit(layout)) return layout;
  const wrong = scanError(head, new TableScanner(layout, new LineAccount()).scan);
  return wrong ?? { fit: layout.names.length > 0 ? FIT.likely : FIT.possible };
}

async function* read(input: ReaderInput): AsyncGenerator<RequestBatch> {
  const { head, all } = await peekBytes(input.bytes, HEAD_BYTES);
  if (head.length === 0) throw new InputError('the input is empty, expected a table', { file: input.file });
  const layout = planTable(head, input.values);
  if (isMisfit(layout))
    throw new InputError(layout.what, { file: input.file, ...(layout.line ? { line: layout.line } : {}) });
  yield* readTable({ ...input, bytes: all }, layout);
}

export const csv: RequestReader = {
  yields: 'requests',
  name: 'csv',
  summary:
    'tables: columns time, id, size, op, volume as a header names them or parameters say, else time (s), id, size as in libCacheSim; between them tabs, commas, "|", ":", ";" or, under a header, blanks',
  extensions: ['.csv', '.tsv'],
  source: 'https://github.com/1a1a11a/libCacheSim, traceReader/generalReader/csv.c',
  kind: 'object',
  idBytes: 512,
  timed: true,
  parameters,
  sides: {},
  detect,
  read,
};
