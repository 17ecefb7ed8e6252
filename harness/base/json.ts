import { InputError } from './errors.js';

/** What is read here is 10 deep. Deeper texts are an attack: what looks at values calls itself for each depth. */
const MOST_DEPTH = 100;
const BLANKS = /[ \t\r\n]*/y;
const STRING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none in strings
  /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const OTHER = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** Looks through a text for what is not JSON, with its place, and for keys given twice, of which `JSON.parse` takes the last. */
class JsonScan {
  private at = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {}

  /** @throws InputError for what is not JSON, a key that is given twice, and what is nested too deep */
  check(): void {
    this.value();
    if (this.at < this.text.length) this.fail('not JSON: expected the end of the file');
  }

  /** A value and the blanks around it. */
  private value(): void {
    this.take(BLANKS);
    const character = this.text[this.at];
    if (character === '{') this.object();
    else if (character === '[') this.members(']', () => this.value());
    else if (this.take(STRING) === '' && this.take(OTHER) === '') this.fail('not JSON: expected a value');
    this.take(BLANKS);
  }

  private object(): void {
    const keys = new Set<string>();
    this.members('}', () => {
      const { at } = this;
      const token = this.take(STRING);
      if (token === '') this.fail('not JSON: expected a key in double quotes');
      const key = JSON.parse(token) as string;
      if (keys.has(key)) this.fail(`the key ${token} is given twice, expected it once`, at);
      keys.add(key);
      this.take(BLANKS);
      this.punctuation(':');
      this.value();
    });
  }

  /** What is between brackets, from the first of them on. */
  private members(end: string, member: () => void): void {
    if (++this.depth > MOST_DEPTH) this.fail(`nested deeper than ${MOST_DEPTH} values, expected fewer`);
    this.at++;
    this.take(BLANKS);
    if (this.text[this.at] !== end) {
      member();
      while (this.text[this.at] === ',') {
        this.at++;
        this.take(BLANKS);
        member();
      }
    }
    this.punctuation(end);
    this.depth--;
  }

  private punctuation(character: string): void {
    if (this.text[this.at] !== character)
      this.fail(`not JSON: expected ${character === ':' ? '":"' : `"," or "${character}"`}`);
    this.at++;
  }

  /** Moves past what a pattern matches here, and returns it. */
  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private fail(what: string, at = this.at): never {
    const before = this.text.slice(0, at);
    const line = before.split('\n').length;
    throw new InputError(what, { file: this.file, line, column: at - before.lastIndexOf('\n') });
  }
}

/**
 * What a text in JSON says. A byte order mark is left out.
 *
 * @throws InputError with the line and column where it is not JSON, has a key twice, or is nested too deep
 */
export function parseJson(text: string, file: string): unknown {
  const plain = text.replace(/^\ufeff/, '');
  new JsonScan(plain, file).check();
  return JSON.parse(plain);
}

/** Characters that JSON allows in strings, and that `printable` escapes. */
const ODD_CHARACTERS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A value as JSON with an indentation, on lines of its own; what changes how a text is shown is escaped. */
export function jsonText(value: unknown, indent = 2): string {
  const escaped = (odd: string) => `\\u${odd.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(value, null, indent).replace(ODD_CHARACTERS, escaped)}\n`;
}
