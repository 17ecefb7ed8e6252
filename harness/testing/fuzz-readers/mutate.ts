import type { RandomStream } from '../../stats/random.js';

/** Tokens that stand where a reader expects something else. */
const ODD: readonly string[] = [
  '',
  '0',
  '-1',
  '1e9',
  'NaN',
  '0x',
  '0xffffffffffffffff',
  '18446744073709551616',
  '99999999999999999999.5',
  '\u00e9\u4e2d',
  '"',
  "'",
  '<unfinished ...>',
  '<... mmap resumed>',
  '\u0000',
  ' '.repeat(300),
  'a'.repeat(300),
];
const GARBAGE: readonly string[] = [
  'hello',
  '',
  '\t',
  '#',
  '# key: value',
  '=====',
  '{"a": 1}',
  '\u0001\u0002',
  '+++ exited with 0 +++',
];
const BREAKS = /([\s,()=:|<>@[\]]+)/;
const MOST_MUTATIONS = 4;

/** What a mutation changes: the lines of a text, without line ends. */
type Lines = string[];
type Mutation = (lines: Lines, random: RandomStream, others: readonly string[]) => void;

function below(random: RandomStream, limit: number): number {
  return Math.floor(random() * limit);
}

function oneOf<T>(random: RandomStream, from: readonly T[]): T {
  return from[below(random, from.length)]!;
}

/** Changes one line by a function of it. */
function changed(
  change: (line: string, random: RandomStream, others: readonly string[]) => string,
): Mutation {
  return (lines, random, others) => {
    const at = below(random, lines.length);
    lines[at] = change(lines[at]!, random, others);
  };
}

/** Replaces one of the parts that blanks and punctuation divide a line into. */
function field(line: string, random: RandomStream, others: readonly string[]): string {
  const parts = line.split(BREAKS);
  const other = oneOf(random, others).split(BREAKS);
  parts[below(random, parts.length)] = random() < 0.5 ? oneOf(random, ODD) : oneOf(random, other);
  return parts.join('');
}

function digits(line: string, random: RandomStream): string {
  return line.replace(/\d/g, (digit) => (random() < 0.1 ? String(below(random, 10)) : digit));
}

function inserted(line: string, random: RandomStream): string {
  const at = below(random, line.length + 1);
  return line.slice(0, at) + String.fromCharCode(below(random, 256)) + line.slice(at);
}

const MUTATIONS: readonly Mutation[] = [
  (lines, random) => lines.splice(below(random, lines.length), 1 + below(random, 3)),
  (lines, random) => {
    const at = below(random, lines.length);
    lines.splice(at, 0, lines[at]!);
  },
  (lines, random) => {
    const [one, two] = [below(random, lines.length), below(random, lines.length)];
    [lines[one], lines[two]] = [lines[two]!, lines[one]!];
  },
  (lines, random, others) => lines.splice(below(random, lines.length + 1), 0, oneOf(random, others)),
  (lines, random) => lines.splice(below(random, lines.length + 1), 0, oneOf(random, GARBAGE)),
  (lines, random) => lines.splice(1 + below(random, lines.length)),
  changed((line, random) => line.slice(0, below(random, line.length + 1))),
  changed((line, random) => line.slice(below(random, line.length + 1))),
  changed(digits),
  changed(digits),
  changed(field),
  changed(field),
  changed(inserted),
  changed((line) => `${line}\r`),
  changed((line, random, others) => line + oneOf(random, others)),
];

/**
 * A text with some of its lines deleted, repeated, swapped, cut, joined, or with other fields and digits in them.
 *
 * @param others lines of other texts of the format
 */
export function mutatedText(text: string, random: RandomStream, others: readonly string[]): string {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (let count = 1 + below(random, MOST_MUTATIONS); count > 0; count--) {
    if (lines.length === 0) lines.push(oneOf(random, others));
    oneOf(random, MUTATIONS)(lines, random, others);
  }
  const end = random() < 0.1 ? '' : '\n';
  return lines.join('\n') + end;
}

/** Bytes with some of them changed, repeated, left out or cut off. */
export function mutatedBytes(bytes: Uint8Array, random: RandomStream): Uint8Array {
  let result = Buffer.from(bytes);
  for (let count = 1 + below(random, MOST_MUTATIONS); count > 0; count--) {
    const at = below(random, result.length + 1);
    const to = at + below(random, 16);
    const kind = below(random, 4);
    if (kind === 0) result = result.subarray(0, at);
    else if (kind === 1) result = Buffer.concat([result.subarray(0, at), result.subarray(to)]);
    else if (kind === 2) result = Buffer.concat([result.subarray(0, to), result.subarray(at)]);
    else if (at < result.length) result[at] = below(random, 256);
    result = Buffer.from(result);
  }
  return result;
}
