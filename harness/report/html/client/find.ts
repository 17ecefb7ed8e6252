import { element } from './dom.js';

/** Whether a text has all words that are looked for. */
function hasAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}

/** Hides the rows of the tables that lack a word. @returns how many rows are shown, and how many there are */
export function findRows(text: string): { readonly shown: number; readonly all: number } {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let [shown, all] = [0, 0];
  for (const body of document.querySelectorAll<HTMLTableSectionElement>('table.numbers tbody')) {
    const [head, ...rows] = [...body.rows];
    const trace = head?.textContent?.toLowerCase() ?? '';
    for (const row of rows) {
      row.hidden = !hasAll(`${trace} ${row.cells[0]?.textContent?.toLowerCase()}`, words);
      all++;
      if (!row.hidden) shown++;
    }
    if (head) head.hidden = rows.every(({ hidden }) => hidden);
  }
  return { shown, all };
}

/** A field that shows the rows of traces and policies with some words. */
export function makeFind(place: HTMLElement, changed: () => void): HTMLInputElement {
  const field = element('input', { type: 'search', id: 'find', autocomplete: 'off', spellcheck: 'false' });
  field.addEventListener('input', changed);
  place.append(
    element('label', { for: 'find' }, 'Find a trace or policy'),
    field,
    element('span', { id: 'found', class: 'note', role: 'status' }),
  );
  return field;
}
