import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Advances } from './advances.js';
import { FONT_FILE, shapedWidth, textWidth } from './font.js';

const advances = new Advances(FONT_FILE);
/** What is measured without shaping. */
const PLAIN = Array.from({ length: 0x2300 }, (_, code) => String.fromCharCode(code)).filter(
  (character) => advances.widthOf(character) !== undefined,
);

describe('widths of texts', () => {
  it('are to the bit those that pdfkit sets them with', () => {
    expect(PLAIN.length).toBeGreaterThan(600);
    const text = fc
      .array(fc.oneof(fc.constantFrom(...PLAIN), fc.constantFrom(...'AVTWY11LF., -')), { maxLength: 30 })
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(text, (plain) => {
        expect(advances.widthOf(plain), plain).toBe(shapedWidth(plain));
      }),
      { numRuns: 500 },
    );
  });

  it('are of pdfkit where characters are set in other ways than one after the other', () => {
    for (const text of ['e\u0301', 'שלום', '日本', 'a\u00adb', 'a\tb', '\u{1f600}']) {
      expect(advances.widthOf(text), text).toBeUndefined();
      expect(textWidth(text), text).toBe(shapedWidth(text));
    }
  });
});
