const NESTED = /["([{]/;

/** Splits the arguments of a call at the commas that are not inside quotes, brackets or braces. */
export function splitArgs(text: string): string[] {
  if (text === '') return [];
  if (!NESTED.test(text)) return text.split(',').map((arg) => arg.trim());
  const args: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') i = quoteEnd(text, i);
    else if (c === '(' || c === '[' || c === '{') depth++;
    else if (c === ')' || c === ']' || c === '}') depth--;
    else if (c === ',' && depth === 0) {
      args.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  if (last !== '' || args.length > 0) args.push(last);
  return args;
}

/** A text without what strace -y says of descriptors. */
export interface Undecorated {
  readonly text: string;
  /** Paths that descriptors stand for, by their numbers. */
  readonly files: ReadonlyMap<number, string>;
}

export const NO_FILES: ReadonlyMap<number, string> = new Map();

const DELETED = '(deleted)';
const WORD = /\w/;

/** Where the decoration ends that begins at `<`; -1 where it has no end. Ends of sockets have arrows, devices have a pair of their own. */
function decorationEnd(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (c === '<') depth++;
    else if (c === '>' && text[i - 1] !== '-' && --depth === 0) return i;
  }
  return -1;
}

/** The end of the quoted string that begins at a quote. */
function quoteEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

function number(text: string, end: number): number {
  return Number(/\d+$/.exec(text.slice(Math.max(0, end - 10), end))?.[0]);
}

/**
 * Takes what -y, -yy and -Y add out of a text: `3</memfd:a>(deleted)` is `3`, `AT_FDCWD</tmp>` is `AT_FDCWD`, `7<sh>` is
 * `7`. Strings keep what they hold.
 */
export function undecorated(text: string): Undecorated {
  if (!text.includes('<')) return { text, files: NO_FILES };
  const files = new Map<number, string>();
  let plain = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') i = quoteEnd(text, i);
    else if (text[i] === '<' && i > 0 && WORD.test(text[i - 1]!) && text[i + 1] !== '<') {
      const end = decorationEnd(text, i);
      if (end < 0) break;
      const descriptor = number(text, i);
      if (text[i + 1] === '/' && !Number.isNaN(descriptor)) files.set(descriptor, text.slice(i + 1, end));
      plain += text.slice(from, i);
      from = end + 1;
      if (text.startsWith(DELETED, from)) from += DELETED.length;
      i = from - 1;
    }
  }
  return { text: plain + text.slice(from), files };
}
