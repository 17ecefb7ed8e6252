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

/**
 * A table as CSV: its rows as they are shown now, in this order, with the numbers as they are shown. A column that marks
 * what is best has another one after it with these marks.
 */
export function tableCsv(table: HTMLTableElement): string {
  const rows = rowsOf(table);
  const heads = headsOf(table);
  const marked = heads.map((_, i) => rows.some(({ row }) => row.cells[i]?.querySelector('.best')));
  const head = heads.flatMap((text, i) => (marked[i] ? [text, `${text}: best`] : [text]));
  const lines = rows.map(({ trace, row }) => {
    const cells = [...row.cells].flatMap((cell, i) =>
      marked[i] ? [textOf(cell), cell.querySelector('.best') ? 'best' : ''] : [textOf(cell)],
    );
    const name = trace.querySelector('.trace-name')!;
    const tags = [...trace.querySelectorAll('.tag')].map(textOf).join(', ');
    return [textOf(name), tags, ...cells];
  });
  return [['trace', 'evidence', ...head], ...lines].map((line) => `${line.map(quoted).join(',')}\n`).join('');
}
