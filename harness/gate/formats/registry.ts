import { unknownName } from '../../base/nearest.js';
import { bencher } from './bencher.js';
import { biggerIsBetter, smallerIsBetter } from './benchmark-action.js';
import { benchstat } from './benchstat.js';
import type { Format } from './format.js';
import { github } from './github.js';
import { json } from './json.js';
import { junit } from './junit.js';
import { markdown } from './markdown.js';
import { table } from './table.js';

/** All output formats: a file each, a line here each. */
export const FORMATS: readonly Format[] = [
  table,
  markdown,
  json,
  junit,
  github,
  smallerIsBetter,
  biggerIsBetter,
  bencher,
  benchstat,
];

/** The format of a name. @throws InputError for an unknown one */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((known) => known.name === name);
  if (format) return format;
  throw unknownName(
    'format',
    name,
    FORMATS.map((known) => known.name),
  );
}
