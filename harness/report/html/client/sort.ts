export type Direction = 'none' | 'ascending' | 'descending';

/** What a table is sorted by. */
export interface Order {
  readonly column: number;
  readonly direction: Direction;
}

const UNSORTED: Order = { column: 0, direction: 'none' };
const orders = new WeakMap<HTMLTableElement, Order>();
/** Rows of each trace in the order of the report. */
const originals = new WeakMap<HTMLTableSectionElement, readonly HTMLTableRowElement[]>();

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

/** The rows of a trace below the one that names it. */
function rowsOf(body: HTMLTableSectionElement): readonly HTMLTableRowElement[] {
  const known = originals.get(body);
  if (known) return known;
  const rows = [...body.rows].slice(1);
  originals.set(body, rows);
  return rows;
}

function isNumeric(table: HTMLTableElement, column: number): boolean {
  return [...table.tBodies].some((body) => rowsOf(body).some((row) => numberIn(row, column) !== undefined));
}

export function orderOf(table: HTMLTableElement): Order {
  return orders.get(table) ?? UNSORTED;
}

/** Sorts a table: the rows of each trace, since numbers of different traces are not compared. */
export function sortTable(table: HTMLTableElement, order: Order): void {
  const { column, direction } = order;
  const numeric = isNumeric(table, column);
  orders.set(table, order);
  for (const button of table.querySelectorAll<HTMLButtonElement>('button.sort')) {
    const own = Number(button.dataset.column) === column;
    button.parentElement!.setAttribute('aria-sort', own ? direction : 'none');
  }
  const sign = direction === 'ascending' ? 1 : -1;
  for (const body of table.tBodies) {
    const rows = rowsOf(body);
    body.append(...(direction === 'none' ? rows : [...rows].sort(compare(column, numeric, sign))));
  }
}

/** Makes the heads of a table sort it; a third click restores the order of the report. */
export function makeSortable(table: HTMLTableElement, changed: () => void): void {
  for (const button of table.querySelectorAll<HTMLButtonElement>('button.sort')) {
    button.addEventListener('click', () => {
      const column = Number(button.dataset.column);
      const now = orderOf(table);
      const direction = now.column === column ? now.direction : 'none';
      sortTable(table, { column, direction: after(direction, isNumeric(table, column)) });
      changed();
    });
  }
}
