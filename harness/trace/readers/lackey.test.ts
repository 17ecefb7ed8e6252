import { describe, expect, it } from 'vitest';
import { inputOf, requestReader } from '../../testing/readers.js';
import { detectReader } from './detect.js';
import { FIT } from './reader.js';

const lackey = requestReader('lackey');

async function account(text: string) {
  const input = inputOf(lackey, text);
  for await (const _ of lackey.read(input));
  const { used, leftOut } = input.account;
  return { used, leftOut };
}

/** Of valgrind 3.19 with -v, --time-stamp=yes and --trace-superblocks=yes. */
const LINES = [
  '==7== Lackey, an example Valgrind tool',
  '--7-- Valgrind options:',
  '--7--    -v',
  '==00:00:00:00.381 7== Command: ./small',
  '--00:00:00:00.381 7-- Reading syms from /lib/ld.so',
  '**7** a message of the program',
  'SB 0401ab70',
  'I  0401ab70,3',
  ' S 1fff000688,8',
  ' L 1fff001688,8',
  '==7== ',
];

describe('a log of lackey', () => {
  it('has messages of valgrind and superblocks between accesses', async () => {
    const text = `${LINES.join('\n')}\n`;
    expect(await account(text)).toEqual({
      used: 3,
      leftOut: [
        ['messages of valgrind', 7],
        ['superblocks', 1],
      ],
    });
    expect(detectReader(Buffer.from(text), 'x').reader.name).toBe('lackey');
  });

  it('is known by messages alone where they are many', () => {
    const messages = Array.from({ length: 100 }, () => '--7--    -v\n').join('');
    expect(lackey.detect(Buffer.from(messages)).fit).toBe(FIT.likely);
  });

  it('is refused where a line is not of valgrind', async () => {
    await expect(account('-7- L 10,8\n')).rejects.toThrow(
      /^x:1:1: "-7-" is wrong here, expected I, L, S or M$/,
    );
    await expect(account('hello\nI  10,3\n')).rejects.toThrow(/^x:1:1: "hello" is wrong here/);
  });
});
