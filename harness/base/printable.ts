/**
 * Characters that do something to who prints or reads them: controls (ESC colours a terminal, a line break begins a line
 * of CI's own commands or leaves a comment of TeX), and those that change the direction of text.
 */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it finds
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * A text from outside (a file's name, a label, a name of a space) as it goes into results and messages: on one line, with
 * `\xNN` and `\uNNNN` for characters that are not to be printed. Done once, where the text comes in.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** A long text with its middle left out: what is wrong stands at its start, and what was expected at its end. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const tail = Math.floor(most / 3);
  return `${text.slice(0, most - tail - 3)} … ${text.slice(-tail)}`;
}

/** Characters of a label: a font and a table have room for fewer. */
const MOST_LABEL = 200;

/** A name or mark from outside as it goes into results: printable, the middle of a long one left out. */
export function labelText(text: string): string {
  return shortened(printable(text), MOST_LABEL);
}

/** A value of JSON with all its texts printable. */
export function printableTexts(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(printableTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [printable(key), printableTexts(one)]));
}
