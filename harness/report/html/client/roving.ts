/** Keys that move within a part: by buttons of a row, and by rows. */
const MOVES: Readonly<Record<string, readonly [columns: number, rows: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The buttons of a part that are shown, in rows as they are read. */
function rowsOf(part: HTMLElement): HTMLButtonElement[][] {
  const rows = part.querySelectorAll<HTMLElement>('caption, tr');
  const parts = rows.length > 0 ? [...rows].filter(({ hidden }) => !hidden) : [part];
  return parts.map((row) => [...row.querySelectorAll('button')]).filter((buttons) => buttons.length > 0);
}

/** Makes one button the one that Tab stops at. */
function stopAt(part: HTMLElement, stop: HTMLButtonElement | undefined): void {
  for (const button of part.querySelectorAll('button')) button.tabIndex = button === stop ? 0 : -1;
}

/** Where a key moves to from a place; undefined for a key that does not move. */
function target(key: string, rows: HTMLButtonElement[][], row: number, column: number) {
  if (key === 'Home') return rows[row]!.at(0);
  if (key === 'End') return rows[row]!.at(-1);
  const move = MOVES[key];
  if (!move) return undefined;
  if (rows.length === 1) return rows[0]![column + move[0] + move[1]];
  const buttons = rows[row + move[1]];
  return buttons?.[move[1] === 0 ? column + move[0] : Math.min(column, buttons.length - 1)];
}

/** Makes the stop of Tab a button that is shown, after rows were hidden or put in another order. */
export function updateStop(part: HTMLElement): void {
  const buttons = rowsOf(part).flat();
  stopAt(part, buttons.find(({ tabIndex }) => tabIndex === 0) ?? buttons[0]);
}

/** Makes the buttons of a part one stop of Tab: arrow keys, Home and End move between them, as in a grid. */
export function makeRoving(part: HTMLElement): void {
  stopAt(part, rowsOf(part)[0]?.[0]);
  part.addEventListener('focusin', ({ target: focused }) => {
    if (focused instanceof HTMLButtonElement) stopAt(part, focused);
  });
  part.addEventListener('keydown', (event) => {
    const rows = rowsOf(part);
    const row = rows.findIndex((buttons) => buttons.includes(event.target as HTMLButtonElement));
    if (row < 0) return;
    const column = rows[row]!.indexOf(event.target as HTMLButtonElement);
    const next = target(event.key, rows, row, column);
    if (MOVES[event.key] || next) event.preventDefault();
    next?.focus();
  });
}
