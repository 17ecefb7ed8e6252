import type { RandomStream } from '../../stats/random.js';

/** What stands where something else is expected. */
const ODD = [
  '',
  '0',
  '-1',
  '1e999',
  'NaN',
  '__proto__',
  '"',
  ',',
  '\n',
  '\0',
  '9'.repeat(30),
  'x'.repeat(5000),
  '{',
  ']',
  '&a',
  '*a',
  '2147483647',
  'ffffffffffffffff',
  '\ufeff',
  '\u202e',
  '\x1b[31m',
];
const MOST = 3;

function at(random: RandomStream, length: number): number {
  return Math.floor(random() * (length + 1));
}

function mutatedOnce(bytes: Buffer, random: RandomStream): Buffer {
  const from = at(random, bytes.length);
  const to = Math.min(bytes.length, from + 1 + Math.floor(random() ** 3 * 40));
  const [before, span, after] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
  switch (Math.floor(random() * 6)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, span, span, after]);
    case 2:
      return Buffer.concat([before, Buffer.from(ODD[Math.floor(random() * ODD.length)]!), after]);
    case 3:
      return Buffer.concat([before, span.map((byte) => byte ^ (1 << Math.floor(random() * 8))), after]);
    case 4:
      return before;
    default:
      return Buffer.from(
        bytes
          .toString('latin1')
          .replace(/\d/g, (digit) => (random() < 0.05 ? String(Math.floor(random() * 10)) : digit)),
        'latin1',
      );
  }
}

/** Bytes with one to three changes: spans lost, doubled, replaced or flipped, an end lost, other digits. */
export function mutated(bytes: Uint8Array, random: RandomStream): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let i = 1 + Math.floor(random() * MOST); i > 0; i--) result = mutatedOnce(result, random);
  return result;
}
