import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/arbitrary.js';
import { InputError } from './errors.js';
import { labelText, printable, printableTexts, shortened } from './printable.js';

/** What no terminal, page or workflow may get. */
const FORBIDDEN = /\p{Cc}|\p{Cs}|[\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;

describe('texts from outside', () => {
  it('keep what can be printed, and show the rest', () => {
    expect(printable('a b\tc — ü 漢字 😀')).toBe('a b\\x09c — ü 漢字 😀');
    expect(printable('\x1b[31mred\n::error::')).toBe('\\x1b[31mred\\x0a::error::');
    expect(printable('\u202eabc\ud800')).toBe('\\u202eabc\\ud800');
    expect(printableTexts({ 'a\n': ['\r', 1, null, { b: '\0' }] })).toEqual({
      'a\\x0a': ['\\x0d', 1, null, { b: '\\x00' }],
    });
  });

  it('of any characters are printable, and stay as they are a second time', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).not.toMatch(FORBIDDEN);
        expect(printable(printable(text))).toBe(printable(text));
      }),
    );
  });

  it('that are labels have at most 200 characters, with both ends', () => {
    expect(labelText('a\u202eb')).toBe('a\\u202eb');
    const label = labelText(`start${'m'.repeat(300_000)}end`);
    expect(label).toHaveLength(200);
    expect(label).toMatch(/^startm+ … m+end$/);
  });

  it('make messages of one line of at most 500 characters after the place, with both ends', () => {
    const { message } = new InputError(`"${'x'.repeat(5000)}\u001b" is wrong,\n expected a number`, {
      file: 'a\nb',
      line: 3,
    });
    expect(message).toMatch(/^a\\x0ab:3: "x+ … x+\\x1b" is wrong, expected a number$/);
    expect(message.length).toBeLessThanOrEqual('a\\x0ab:3: '.length + 500);
    expect(shortened('abc', 3)).toBe('abc');
  });
});
