/** A field of CSV (RFC 4180). */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The text of an element without what is only a mark in it, in one line. */
function textOf(element: Element): string {
  const copy = element.cloneNode(true) as Element;
  for (const mark of copy.querySelectorAll('.best, .swatch')) mark.remove();
  return (copy.textContent ?? '').replace(/\s+/g, ' ').trim();
}

/** The columns of a table: the limit that stands above, and its own head. */
function headsOf(table: HTMLTableElement): string[] {
  const [groups, heads] = [...table.tHead!.rows];
  const above = [...groups!.cells].flatMap((cell) => Array<string>(cell.colSpan).fill(textOf(cell)));
  return [...heads!.cells].map((cell, i) =>
    above[i] === '' ? textOf(cell) : `${above[i]}: ${textOf(cell)}`,
  );
}

/** The rows of a table that are shown, with the cells of the row that names their trace. */
function rowsOf(table: HTMLTableElement): { trace: Element; row: HTMLTableRowElement }[] {
  return [...table.tBodies].flatMap((body) => {
    const [head, ...rows] = [...body.rows];
    return rows.filter(({ hidden }) => !hidden).map((row) => ({ trace: head!.cells[0]!, row }));
  });
}

/** A cell in fields: what it shows, the sign of what is inferred or least, half of its interval, and whether it is best or ties. */
function fieldsOf(cell: Element): string[] {
  const [, mark = '', value = '', half = ''] = /^([~\u2265]?)([^\u00b1]*)\u00b1?(.*)$/.exec(textOf(cell))!;
  return [value, mark, half, cell.querySelector('.best .hidden')?.textContent ?? ''];
}

/** What follows the head of a column in those of its fields. */
const FIELDS = ['', ' sign', ' \u00b1', ' best'];

/**
 * A table as CSV: its rows as they are shown now, in this order, with the numbers as they are shown. What stands at a number
 * has columns of its own where there is any of it: signs of stalls that are inferred (~) or the least (\u2265), half of the 95 %
 * interval (\u00b1), and what is best or ties.
 */
export function tableCsv(table: HTMLTableElement): string {
  const rows = rowsOf(table);
  const cells = rows.map(({ row }) => [...row.cells].map(fieldsOf));
  const used = headsOf(table).map((_, column) =>
    FIELDS.map((_name, i) => i === 0 || cells.some((row) => row[column]?.[i] !== '')),
  );
  const head = headsOf(table).flatMap((text, column) =>
    FIELDS.filter((_, i) => used[column]![i]).map((name) => `${text}${name}`),
  );
  const lines = rows.map(({ trace }, at) => {
    const name = textOf(trace.querySelector('.trace-name')!);
    const tags = [...trace.querySelectorAll('.tag')].map(textOf).join(', ');
    const fields = cells[at]!.flatMap((own, column) => own.filter((_, i) => used[column]![i]));
    return [name, tags, ...fields];
  });
  return [['trace', 'evidence', ...head], ...lines].map((line) => `${line.map(quoted).join(',')}\n`).join('');
}
