import { InputError } from './errors.js';

/** A size as a user writes it: pages, or a share of something the command names (peak, distinct pages). */
export type Size =
  | { readonly kind: 'pages'; readonly pages: number }
  | { readonly kind: 'percent'; readonly percent: number };

const UNIT_BYTES: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};
/** Page numbers are below this: a larger size is a slip. */
const MAX_PAGES = 2 ** 45;
const FORM = /^(\d+(?:\.\d+)?)(p|KiB|MiB|GiB|TiB|%)?$/;
/** A share of a peak: more than this is a slip. */
const MAX_PERCENT = 1e6;
const EXPECTED = 'expected N or Np pages, KiB, MiB, GiB or N%, more than 0';

/**
 * Reads a size: `N` or `Np` pages, `N KiB|MiB|GiB|TiB` (no space), or `N%`.
 *
 * @throws InputError when it is not a size, is 0, less than one page or more than any machine has
 */
export function parseSize(text: string, pageBytes: number): Size {
  const match = FORM.exec(text);
  if (!match) throw new InputError(`"${text}" is not a size, ${EXPECTED}`);
  const value = Number(match[1]);
  const unit = match[2] ?? 'p';
  if (value === 0) throw new InputError(`size "${text}" is 0, ${EXPECTED}`);
  if (unit === '%') {
    if (value > MAX_PERCENT)
      throw new InputError(`size "${text}" is out of range, expected at most ${MAX_PERCENT}%`);
    return { kind: 'percent', percent: value };
  }
  if (unit === 'p' && !Number.isInteger(value))
    throw new InputError(`"${text}" is not a whole number of pages, ${EXPECTED}`);
  const pages = unit === 'p' ? value : Math.floor((value * UNIT_BYTES[unit]!) / pageBytes);
  if (pages > MAX_PAGES)
    throw new InputError(`size "${text}" is more than any machine has, expected at most ${MAX_PAGES} pages`);
  if (pages < 1)
    throw new InputError(`size "${text}" is less than one page of ${pageBytes} bytes, ${EXPECTED}`);
  return { kind: 'pages', pages };
}

/** A size that `parseSize` has accepted in its shortest form, with its unit: one text for each way to ask for a size. */
export function sizeText(text: string): string {
  const [, number, unit = 'p'] = FORM.exec(text)!;
  return `${Number(number)}${unit}`;
}

/** The size in pages, rounded down but at least 1, where 100 % is `whole` pages. */
export function sizeInPages(size: Size, whole: number): number {
  return size.kind === 'pages' ? size.pages : Math.max(1, Math.floor((whole * size.percent) / 100));
}
