/** Text that fits a terminal. */

/** Columns of a terminal that does not say how wide it is. */
export const USUAL_COLUMNS = 80;

/** How a text is to look: how many columns there are, and whether it may have colours. */
export interface Look {
  readonly columns: number;
  readonly colour: boolean;
}

/** What a text looks like where nothing is known of the terminal. */
export const PLAIN: Look = { columns: USUAL_COLUMNS, colour: false };

/**
 * A text on lines of at most some columns, broken at spaces; a word that is longer has a line of its own.
 *
 * @param indent what lines after the first begin with
 */
export function wrapped(text: string, columns: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const start = lines.length === 0 ? '' : indent;
    if (line !== '' && start.length + line.length + 1 + word.length > columns) {
      lines.push(start + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, (lines.length === 0 ? '' : indent) + line].join('\n');
}
