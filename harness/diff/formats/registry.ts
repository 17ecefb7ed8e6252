import { unknownName } from '../../base/nearest.js';
import type { Format } from './format.js';
import { html } from './html.js';
import { json } from './json.js';
import { markdown } from './markdown.js';
import { table } from './table.js';

/** All formats of a diff: a file each, a line here each. */
export const FORMATS: readonly Format[] = [table, markdown, json, html];

/** The format of a name. @throws InputError for an unknown one */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((known) => known.name === name);
  if (format) return format;
  const names = FORMATS.map((known) => known.name);
  throw unknownName('format', name, names);
}
