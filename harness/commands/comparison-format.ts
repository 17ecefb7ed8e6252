import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';

/** What is printed of a comparison. */
const PRINTED = ['table', 'json', 'csv'] as const;
const PARQUET = 'parquet';

/** The forms that the results of a comparison take. */
export interface ComparisonFormat {
  /** What is printed: tables, the verdict and all cells as JSON, or the cells as CSV. */
  readonly printed: (typeof PRINTED)[number];
  /** Whether the tables are also written as Parquet. */
  readonly parquet: boolean;
}

/**
 * What `--format` asks for.
 *
 * @param text formats, separated by commas
 * @throws InputError for one that is not known, or several to print
 */
export function comparisonFormat(text: string): ComparisonFormat {
  const names = text.split(',');
  const printed = names
    .filter((name) => name !== PARQUET)
    .map((name) => {
      const known = PRINTED.find((one) => one === name);
      if (known === undefined) throw unknownName('format', name, [...PRINTED, PARQUET]);
      return known;
    });
  if (printed.length > 1)
    throw new InputError(
      `--format ${text} names several that are printed, expected one of ${PRINTED.join(', ')}`,
    );
  return { printed: printed[0] ?? 'table', parquet: names.includes(PARQUET) };
}
