import { InputError } from '../../base/errors.js';
import { type RandomStream, randomStream } from '../../stats/random.js';
import type { InputFile, Reader, ReaderInput } from '../../trace/readers/reader.js';
import { inputOf } from '../readers.js';
import { mutatedBytes, mutatedText } from './mutate.js';
import { type Seed, seedsOf } from './seeds.js';

/** Requests or events after which a reader is not asked for more: a digit can make millions of one line. */
const ENOUGH = 300_000;
/** No log of this size takes longer, on any host. */
const SLOW_MS = 20_000;
const MOST_CHARACTERS = 600;
const MESSAGE = /^(x|marks|faults|maps)?(:\d+(:\d+)?|: byte \d+)?: [^\n]+$/;

/** What a reader made of a mutated log: nothing wrong, or what. */
export interface Checked {
  /** Whether the log was read to its end; otherwise it was refused. */
  readonly read: boolean;
  readonly wrong: string | undefined;
  readonly content: Uint8Array;
}

/** Reads all, or enough. Returns whether the end was reached. */
async function readAll(reader: Reader, input: ReaderInput): Promise<boolean> {
  let count = 0;
  if (reader.yields === 'requests') {
    for await (const batch of reader.read(input)) {
      count += batch.length;
      if (count > ENOUGH) return false;
    }
    return true;
  }
  for await (const block of (await reader.open(input)).blocks()) {
    count += block.length;
    if (count > ENOUGH) return false;
  }
  return true;
}

/** Lines of a text as readers count them. */
function linesOf(content: Uint8Array): number {
  const lines = Buffer.from(content).toString('latin1').split('\n');
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
}

/** What is wrong with what a reader counted in a text. */
function miscounted({ account, file }: InputFile, content: Uint8Array): string | undefined {
  const lines = linesOf(content);
  if (account.total === lines) return undefined;
  return `${file}: ${account.total} lines counted of ${lines}: ${JSON.stringify({ used: account.used, joined: account.joined, leftOut: account.leftOut })}`;
}

function misreported(error: unknown): string | undefined {
  if (!(error instanceof InputError)) return `crash: ${(error as Error).stack ?? String(error)}`;
  const { message } = error;
  if (message.length > MOST_CHARACTERS) return `a message of ${message.length} characters: ${message}`;
  return MESSAGE.test(message) ? undefined : `a message without a place, or of several lines: ${message}`;
}

/** Whether a format is of lines: its sample is text. */
function isText(seed: Seed): boolean {
  return !seed.bytes.includes(0);
}

function mutatedSides(seed: Seed, random: RandomStream): Record<string, string> {
  const sides = Object.entries(seed.sides).map(([name, text]) => {
    const mutated = random() < 0.3 ? mutatedText(text, random, text.split('\n')) : text;
    return [name, mutated] as const;
  });
  return Object.fromEntries(sides);
}

/** Parameters as in the sample; those that are choices may be others. */
function parametersOf(reader: Reader, seed: Seed, random: RandomStream): Record<string, string> {
  const given: Record<string, string> = { ...seed.given };
  for (const [name, parameter] of Object.entries(reader.parameters)) {
    if (parameter.kind !== 'choice' || random() < 0.5) continue;
    given[name] = parameter.choices[Math.floor(random() * parameter.choices.length)]!;
  }
  return given;
}

/** Reads one mutated log of a reader; the same seed and number make the same log. */
export async function checkInput(reader: Reader, seed: number, number: number): Promise<Checked> {
  const random = randomStream(seed, `readers/${reader.name}/${number}`);
  const seeds = seedsOf(reader);
  // Its sample is a log of its own in every respect; others may only look like one.
  const chosen = random() < 0.5 ? seeds[0]! : seeds[Math.floor(random() * seeds.length)]!;
  const text = seeds.every(isText);
  const lines = () => seeds.flatMap(({ bytes }) => Buffer.from(bytes).toString('latin1').split('\n'));
  const content = text
    ? Buffer.from(mutatedText(Buffer.from(chosen.bytes).toString('latin1'), random, lines()), 'latin1')
    : mutatedBytes(chosen.bytes, random);
  const sides = mutatedSides(chosen, random);
  const pieces = random() < 0.2 ? [1 + Math.floor(random() * 100)] : [1 << 16];
  const input = inputOf(reader, content, { given: parametersOf(reader, chosen, random), sides, pieces });
  const started = performance.now();
  try {
    reader.detect(content);
    const read = await readAll(reader, input);
    const counted = text && read ? miscounted(input, content) : undefined;
    const side = read
      ? Object.entries(sides)
          .map(([name, of]) => miscounted(input.sides[name]!, Buffer.from(of)))
          .find((what) => what !== undefined)
      : undefined;
    const ms = performance.now() - started;
    const slow = ms > SLOW_MS ? `it took ${Math.round(ms)} ms` : undefined;
    return { read, wrong: counted ?? side ?? slow, content };
  } catch (error) {
    return { read: false, wrong: misreported(error), content };
  }
}
