import { readFileSync } from 'node:fs';

/** Glyphs of text are measured in thousandths of its height, as PDF has it. */
const THOUSAND = 1000;

/** The tables of a TrueType font, by their names. */
function tablesOf(font: DataView): (name: string) => DataView {
  const count = font.getUint16(4);
  const tables = new Map<string, DataView>();
  for (let at = 12; at < 12 + 16 * count; at += 16) {
    const name = String.fromCharCode(...[0, 1, 2, 3].map((i) => font.getUint8(at + i)));
    const start = font.byteOffset + font.getUint32(at + 8);
    tables.set(name, new DataView(font.buffer, start, font.getUint32(at + 12)));
  }
  return (name) => tables.get(name)!;
}

/** Where the characters of the basic plane stand in a table `cmap`: its part in format 4. */
function format4(cmap: DataView): number {
  for (let i = 0; i < cmap.getUint16(2); i++) {
    const at = cmap.getUint32(4 + 8 * i + 4);
    if (cmap.getUint16(at) === 4) return at;
  }
  throw new Error('the font of figures has no table of characters in format 4');
}

/** The glyph of each character that a font has one for. */
function glyphsOf(cmap: DataView): Map<number, number> {
  const glyphs = new Map<number, number>();
  const at = format4(cmap);
  const bytes = cmap.getUint16(at + 6);
  const [ends, starts] = [at + 14, at + 16 + bytes];
  for (let i = 0; i < bytes; i += 2) {
    const [delta, offsetAt] = [cmap.getUint16(starts + bytes + i), starts + 2 * bytes + i];
    const offset = cmap.getUint16(offsetAt);
    const start = cmap.getUint16(starts + i);
    for (let character = start; character <= cmap.getUint16(ends + i) && character < 0xffff; character++) {
      const listed = offset === 0 ? character : cmap.getUint16(offsetAt + offset + 2 * (character - start));
      const glyph = offset !== 0 && listed === 0 ? 0 : (listed + delta) & 0xffff;
      if (glyph !== 0) glyphs.set(character, glyph);
    }
  }
  return glyphs;
}

/** By how much pairs of glyphs stand closer, by `left * 65536 + right`. */
function kernOf(kern: DataView): Map<number, number> {
  const pairs = new Map<number, number>();
  let at = 4;
  for (let i = 0; i < kern.getUint16(2); i++) {
    const count = kern.getUint16(at + 6);
    for (let pair = at + 14; pair < at + 14 + 6 * count; pair += 6)
      pairs.set(kern.getUint32(pair), kern.getInt16(pair + 4));
    at += kern.getUint16(at + 2);
  }
  return pairs;
}

/**
 * Characters whose glyphs stand one after the other: letters of Latin, Greek and Cyrillic, and signs between them. Not those that
 * join, turn around or are not seen.
 */
const PLAIN =
  /^[ -~\u00a1-\u00ac\u00ae-\u024f\u0391-\u03a1\u03a3-\u03c9\u0410-\u044f\u2010-\u2014\u2018-\u2026\u2030\u20ac\u2190-\u2193\u2212\u2248\u2260\u2264\u2265]*$/;

/** How wide texts are in a font, without what sets them: loading that takes longer than measuring all texts of a report. */
export class Advances {
  private readonly glyphs: ReadonlyMap<number, number>;
  private readonly kern: ReadonlyMap<number, number>;
  private readonly metrics: DataView;
  private readonly fullMetrics: number;
  private readonly scale: number;

  /** @param file a TrueType font whose pairs stand in a table `kern` */
  constructor(file: string) {
    const bytes = readFileSync(file);
    const table = tablesOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    this.glyphs = glyphsOf(table('cmap'));
    this.kern = kernOf(table('kern'));
    this.metrics = table('hmtx');
    this.fullMetrics = table('hhea').getUint16(34);
    this.scale = THOUSAND / table('head').getUint16(18);
  }

  /** The width of a text one point high; undefined where it has other than plain characters. */
  widthOf(text: string): number | undefined {
    if (!PLAIN.test(text)) return undefined;
    let units = 0;
    let before: number | undefined;
    for (let i = 0; i < text.length; i++) {
      const glyph = this.glyphs.get(text.charCodeAt(i));
      if (glyph === undefined) return undefined;
      if (before !== undefined) units += this.kern.get(before * 65_536 + glyph) ?? 0;
      units += this.metrics.getUint16(4 * Math.min(glyph, this.fullMetrics - 1));
      // Words are set one by one.
      before = text[i] === ' ' ? undefined : glyph;
    }
    // Exact: the scale of this font is a fraction of a power of two.
    return (units * this.scale * (1 / THOUSAND) * 100) / 100;
  }
}
