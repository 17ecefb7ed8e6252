type Direction = 'none' | 'ascending' | 'descending';

/** What a click makes of the order of a column: numbers begin with the largest, texts with A. */
function after(direction: Direction, numeric: boolean): Direction {
  const order: Direction[] = numeric
    ? ['none', 'descending', 'ascending']
    : ['none', 'ascending', 'descending'];
  return order[(order.indexOf(direction) + 1) % order.length]!;
}

function numberIn(row: HTMLTableRowElement, column: number): number | undefined {
  const text = row.cells[column]?.getAttribute('data-value');
  return text === null || text === undefined ? undefined : Number(text);
}

/** Compares rows by a column; rows without a number come last in either order. */
function compare(column: number, numeric: boolean, sign: number) {
  return (a: HTMLTableRowElement, b: HTMLTableRowElement): number => {
    if (!numeric) {
      const [left, right] = [a.cells[column]?.textContent ?? '', b.cells[column]?.textContent ?? ''];
      return sign * (left < right ? -1 : left > right ? 1 : 0);
    }
    const [left, right] = [numberIn(a, column), numberIn(b, column)];
    if (left === undefined || right === undefined)
      return Number(left === undefined) - Number(right === undefined);
    return sign * (left - right);
  };
}

/** Makes the heads of a table sort it; a third click restores the order of the report. */
export function makeSortable(table: HTMLTableElement): void {
  const body = table.tBodies[0]!;
  const original = [...body.rows];
  for (const button of table.querySelectorAll<HTMLButtonElement>('button.sort')) {
    button.addEventListener('click', () => {
      const column = Number(button.dataset.column);
      const numeric = original.some((row) => numberIn(row, column) !== undefined);
      const head = button.parentElement!;
      const direction = after(head.getAttribute('aria-sort') as Direction, numeric);
      for (const other of table.querySelectorAll('th[aria-sort]')) other.setAttribute('aria-sort', 'none');
      head.setAttribute('aria-sort', direction);
      table.classList.toggle('sorted', direction !== 'none');
      const sign = direction === 'ascending' ? 1 : -1;
      body.append(...(direction === 'none' ? original : [...original].sort(compare(column, numeric, sign))));
    });
  }
}
