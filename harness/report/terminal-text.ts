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

/** Characters that take two columns: those of Chinese, Japanese and Korean, full-width forms, and most pictures. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/gu;
/** Characters that take none: marks on the letter before them, and signs of format. */
const NONE = /[\p{Mn}\p{Me}\p{Cf}]/gu;

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  const seen = text.replace(NONE, '');
  return [...seen].length + (seen.match(WIDE)?.length ?? 0);
}

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
    if (line !== '' && start.length + textWidth(line) + 1 + textWidth(word) > columns) {
      lines.push(start + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, (lines.length === 0 ? '' : indent) + line].join('\n');
}
