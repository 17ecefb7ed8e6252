import { tableCsv } from './csv.js';
import { byId } from './dom.js';
import { save } from './download.js';
import { findRows, makeFind } from './find.js';
import { makeRoving, updateStop } from './roving.js';
import { type Direction, makeSortable, orderOf, sortTable } from './sort.js';

/** The tables of numbers: what is looked for in them, and what they are sorted by. */
export interface Tables {
  /** Puts what differs from the beginning into an address. */
  write(values: URLSearchParams): void;
  /** Shows what an address says. @returns what it names that no table has */
  read(values: URLSearchParams): string[];
}

const ORDERS: readonly Direction[] = ['ascending', 'descending'];

/** Sorts the tables as an address says: `1.4.descending` for the fifth column of the second one. */
function readOrders(tables: readonly HTMLTableElement[], texts: readonly string[]): string[] {
  for (const table of tables) sortTable(table, { column: 0, direction: 'none' });
  return texts.filter((text) => {
    const [at, column, order] = text.split('.');
    const table = tables[Number(at)];
    const direction = ORDERS.find((known) => known === order);
    if (!table?.querySelector(`button.sort[data-column="${Number(column)}"]`) || !direction) return true;
    sortTable(table, { column: Number(column), direction });
    return false;
  });
}

/** Makes the tables sortable, to be searched, and to be saved. @param changed is called when the reader changed one */
export function makeTables(changed: () => void): Tables {
  const tables = [...document.querySelectorAll<HTMLTableElement>('table.numbers')];
  const update = () => {
    for (const table of tables) updateStop(table);
  };
  const field = makeFind(byId('find-place'), () => {
    find();
    changed();
  });
  const find = () => {
    const { shown, all } = findRows(field.value);
    byId('found').textContent = field.value.trim() === '' ? '' : `${shown} of ${all} rows`;
    update();
  };
  for (const table of tables) {
    makeSortable(table, changed);
    makeRoving(table);
    const csv = table.querySelector<HTMLButtonElement>('button.csv');
    csv?.addEventListener('click', () => save(`${csv.dataset.name}.csv`, new Blob([tableCsv(table)])));
  }
  return {
    write(values) {
      if (field.value !== '') values.set('find', field.value);
      tables.forEach((table, at) => {
        const { column, direction } = orderOf(table);
        if (direction !== 'none') values.append('sort', `${at}.${column}.${direction}`);
      });
    },
    read(values) {
      field.value = values.get('find') ?? '';
      const unknown = readOrders(tables, values.getAll('sort'));
      find();
      return unknown.map((text) => `order ${text}`);
    },
  };
}
