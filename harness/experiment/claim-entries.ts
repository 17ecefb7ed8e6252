import { z } from 'zod';
import { InputError, type Place } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { printable } from '../base/printable.js';
import { type Claim, RELATIONS, selected, TERMS, type Term } from '../metrics/claim.js';
import type { Row } from '../metrics/csv.js';
import { IDENTITY_COLUMNS, SELECTING_COLUMNS } from '../metrics/files.js';
import { METRICS } from '../metrics/schema.js';

const term = z.strictObject({
  column: z.string(),
  where: z.record(
    z.string(),
    z.union([z.string(), z.number(), z.null()], 'expected a text, a number or null'),
  ),
});

/** A claim as an experiment's file says it. */
const claimEntry = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected letters, digits, ".", "_" and "-"'),
  claim: z.string().min(1).transform(printable),
  source: z.string().min(1).transform(printable),
  claimed: z.number(),
  relation: z.enum(RELATIONS).default('='),
  tolerance: z.number().min(0).default(0),
  value: term,
  minus: term.optional(),
  over: term.optional(),
  times: z.number().default(1),
  plus: z.number().default(0),
  unit: z.string().default('').transform(printable),
});

/** What `claims:` of an experiment lists. */
export const claimEntries = z.array(claimEntry).default([]);

/** The valid keys at a path below `claims`, for messages. */
export function claimKeys(path: readonly PropertyKey[]): readonly string[] {
  return Object.keys(path.length > 2 ? term.shape : claimEntry.shape);
}

/** Columns of runs.csv that hold a number when a cell has run. */
const NUMBERS: readonly string[] = ['events', 'touches', 'trace_time_us', ...METRICS.map(({ name }) => name)];

function termsOf(claim: Claim): (readonly [name: string, term: Term])[] {
  return TERMS.flatMap((name) => (claim[name] ? [[name, claim[name]] as const] : []));
}

/**
 * Checks what the schema of claims cannot: their ids differ, and columns of these names exist.
 *
 * @param placeOf returns the place in the file of a path of keys
 * @throws InputError with the place of what is wrong
 */
export function checkClaimColumns(
  claims: readonly Claim[],
  placeOf: (path: readonly PropertyKey[]) => Place,
): void {
  claims.forEach((claim, i) => {
    if (claims.findIndex(({ id }) => id === claim.id) < i)
      throw new InputError(`two claims are called ${claim.id}, expected different ids`, placeOf([i, 'id']));
    for (const [name, { column, where }] of termsOf(claim)) {
      if (!NUMBERS.includes(column))
        throw unknownName('column of numbers', column, NUMBERS).at(placeOf([i, name, 'column']));
      const key = Object.keys(where).find((by) => !(SELECTING_COLUMNS as readonly string[]).includes(by));
      if (key !== undefined)
        throw unknownName('column to select a cell by', key, SELECTING_COLUMNS).at(
          placeOf([i, name, 'where']),
        );
    }
  });
}

/**
 * Checks that every term of the claims selects one cell.
 *
 * @param cells the columns of all cells of the experiment that are known before they run
 * @throws InputError that names the claim and what it selects
 */
export function checkSelections(claims: readonly Claim[], cells: readonly Row[], file: string): void {
  for (const claim of claims) {
    for (const [name, term] of termsOf(claim)) {
      const found = selected(cells, term);
      if (found.length === 1) continue;
      const what = found.length === 0 ? nothingSelected(term, cells) : severalSelected(found);
      throw new InputError(`claim ${claim.id}: ${name} selects ${what}`, { file });
    }
  }
}

/** Says which condition is the cause: one that no cell meets, or their combination. */
function nothingSelected({ column, where }: Term, cells: readonly Row[]): string {
  for (const [key, value] of Object.entries(where)) {
    if (selected(cells, { column, where: { [key]: value } }).length > 0) continue;
    const values = [...new Set(cells.map((cell) => cell[key] ?? null))].map(String).join(', ');
    return `no cell: none has ${key} ${value}, expected one of ${values}`;
  }
  return 'no cell: each condition is met, but not all by one cell';
}

function severalSelected(found: readonly Row[]): string {
  const differ = IDENTITY_COLUMNS.filter((key) => new Set(found.map((row) => row[key])).size > 1);
  return `${found.length} cells, expected one: they differ in ${differ.join(', ')}`;
}
