import { InputError } from '../../base/errors.js';
import { randomStream } from '../../stats/random.js';
import { LineAccount } from '../../trace/readers/account.js';
import type { Reader, ReaderInput } from '../../trace/readers/reader.js';
import { chosenReader } from '../../trace/readers/registry.js';
import type { ModuleReader } from '../contract.js';
import { checkParameters } from './parameters.js';
import { type Check, fail } from './result.js';
import { garbage, textOf } from './sources.js';

/** A reader of a module, and the file that it says it reads. */
export interface CheckedReader {
  readonly reader: Reader;
  readonly example: ModuleReader['example'];
}

const FILE = 'example';
const EDITS = 200;

/** Reads a file. @returns what came of it as text, and how many lines were counted */
async function read(
  reader: Reader,
  bytes: Uint8Array,
  values = chosenReader(reader, {}).values,
): Promise<{ readonly text: string; readonly lines: number }> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    if (bytes.length > 0) yield bytes;
  }
  const input: ReaderInput = { file: FILE, bytes: chunks(), account: new LineAccount(), values, sides: {} };
  let text = '';
  if (reader.yields === 'events') text = await textOf(await reader.open(input));
  else
    for await (const { length, low, high, size, write } of reader.read(input))
      for (let row = 0; row < length; row++) text += `${high[row]}:${low[row]} ${size[row]} ${write[row]}\n`;
  return { text, lines: input.account.total };
}

/** What a reader makes of a file that is not right: a result, or an error of the file. @throws CheckFailure for all else */
async function readWrong(reader: Reader, what: string, bytes: Uint8Array): Promise<void> {
  try {
    await read(reader, bytes);
  } catch (error) {
    const isOfFile = error instanceof InputError && error.place?.file === FILE;
    const isBug = /threw (?!Error:)\w*Error/.test((error as Error).message);
    if (!isOfFile || isBug) fail(`${what}: ${(error as Error).message}`);
  }
}

/** Files that are of no format of lines, or only nearly. */
function wrongFiles(): [what: string, bytes: Uint8Array][] {
  return [
    ['an empty file', new Uint8Array(0)],
    ['an empty line', Buffer.from('\n')],
    ['a long line', Buffer.from(`${'x'.repeat(100_000)}\n`)],
    ['zeros', new Uint8Array(1000)],
    ['UTF-16', Buffer.from('one line\nanother\n', 'utf16le')],
    ['another text', Buffer.from('{"a": [1, 2]}\n"b"\n,,,,,\n-1 -1 -1\nNaN\n')],
    ...[1, 2, 3].map((seed): [string, Uint8Array] => [`random bytes ${seed}`, garbage(seed, 2000)]),
  ];
}

/** The example with a byte changed, taken out or put in. */
function edited(example: string, seed: number): Uint8Array {
  const random = randomStream(seed, 'check/edits');
  const bytes = [...Buffer.from(example)];
  const at = Math.floor(random() * bytes.length);
  const byte = 32 + Math.floor(random() * 95);
  const kind = Math.floor(random() * 3);
  bytes.splice(at, kind === 0 ? 0 : 1, ...(kind === 2 ? [] : [byte]));
  return Uint8Array.from(bytes);
}

const NO_EXAMPLE = { skip: 'it has no example: a small file of the format, as text' };

/** The checks of a reader. */
export const READER_CHECKS: readonly Check<CheckedReader>[] = [
  {
    name: 'parameters',
    run: ({ reader, example }) =>
      checkParameters(
        reader.name,
        reader.parameters,
        (text) => {
          const [, pairs = ''] = text.split(':');
          const given = Object.fromEntries(
            pairs === '' ? [] : pairs.split(',').map((pair) => pair.split('=')),
          );
          return chosenReader(reader, given).values;
        },
        (values) =>
          example === undefined || Object.keys(values).length === 0
            ? undefined
            : read(reader, Buffer.from(example), values),
      ),
  },
  {
    name: 'example',
    async run({ reader, example }) {
      if (example === undefined) return NO_EXAMPLE;
      const { text, lines } = await read(reader, Buffer.from(example));
      const there = example.replace(/\n$/, '').split('\n').length;
      if (text === '') fail('nothing comes of its example');
      if (lines !== there) fail(`its example has ${there} lines, and ${lines} were counted`);
      if ((await read(reader, Buffer.from(example))).text !== text)
        fail('its example is read differently again');
      return `${lines} lines of its example become ${text.trimEnd().split('\n').length} of the trace, each counted once, the same again`;
    },
  },
  {
    name: 'detect',
    run({ reader, example }) {
      for (const [what, bytes] of wrongFiles())
        if (reader.detect(bytes.subarray(0, 1 << 16)).fit !== 0) fail(`it takes ${what} for its own format`);
      if (example === undefined) return NO_EXAMPLE;
      const detected = reader.detect(Buffer.from(example)).fit !== 0;
      return detected
        ? 'its example is recognised, garbage is not'
        : { skip: 'it is read only where it is named' };
    },
  },
  {
    name: 'garbage',
    async run({ reader, example }) {
      const files = wrongFiles();
      for (let seed = 1; example !== undefined && seed <= EDITS; seed++)
        files.push([`its example with edit ${seed}`, edited(example, seed)]);
      for (const [what, bytes] of files) await readWrong(reader, what, bytes);
      return `${files.length} files that are not right: read, or refused with their place`;
    },
  },
];
