import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResultsFolder } from '../../metrics/results.js';
import { writeComparison, writeFigureFiles } from '../../testing/results.js';
import { FigureData } from '../figures/data.js';
import type { Width } from '../figures/figure.js';
import { figureOf } from '../figures/registry.js';
import { tex } from './caption.js';
import { textWidth } from './font.js';
import { FORMATS } from './formats.js';
import { layOut, widthOf } from './vega.js';

const NAMES = ['memory', 'saving-stall', 'heat-map'];

let folder: string;
let data: FigureData;

async function draw(names: readonly string[], width: Width, to: string): Promise<string> {
  const out = join(folder, to);
  mkdirSync(out);
  await writeFigureFiles(names.map(figureOf), data, out, width, FORMATS);
  return out;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-render-'));
  writeComparison(folder);
  data = new FigureData(ResultsFolder.open(folder));
  await draw(NAMES, 'column', 'all');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, of = 'all') => readFileSync(join(folder, of, name));

/** What is drawn on the pages of a PDF: its compressed streams, as text. */
function streams(pdf: Buffer): string {
  const parts: string[] = [];
  for (let at = pdf.indexOf('stream\n'); at >= 0; at = pdf.indexOf('stream\n', at + 1)) {
    try {
      parts.push(inflateSync(pdf.subarray(at + 7)).toString('latin1'));
    } catch {
      // The end of a stream, or one that is not compressed.
    }
  }
  return parts.join('\n');
}

describe('files of a figure', () => {
  it('have one name', () => {
    expect(readdirSync(join(folder, 'all')).sort()).toEqual(
      ['heat-map', 'memory-web', 'saving-stall-web'].flatMap((name) =>
        ['pdf', 'png', 'svg', 'tex', 'txt', 'vl.json'].map((ending) => `${name}.${ending}`),
      ),
    );
  });

  it('are the same bytes when they are drawn again, alone', async () => {
    await draw(['saving-stall'], 'column', 'again');
    for (const name of readdirSync(join(folder, 'again')))
      expect(file(name, 'again').equals(file(name)), name).toBe(true);
  });

  it('are as wide as a column, or as the page for several panels, all text in one font of 8 points', () => {
    const widths = { 'heat-map': 240, 'memory-web': 504, 'saving-stall-web': 504 };
    for (const [name, width] of Object.entries(widths)) {
      const svg = file(`${name}.svg`).toString();
      expect(svg).toMatch(
        new RegExp(`^<svg [^>]*width="${width}pt" height="[\\d.]+pt" viewBox="0 0 ${width} [\\d.]+"`),
      );
      expect(new Set(svg.match(/font-family="[^"]*"/g))).toEqual(
        new Set(['font-family="Liberation Sans, Arial, Helvetica, sans-serif"']),
      );
      expect(new Set(svg.match(/font-size="[^"]*"/g))).toEqual(new Set(['font-size="8px"']));
      expect(file(`${name}.pdf`).toString('latin1')).toContain(`/MediaBox [0 0 ${width} `);
      // The width of a PNG stands in its header.
      expect(file(`${name}.png`).readUInt32BE(16)).toBe((width / 72) * 300);
    }
  });

  it('say how wide each text is, so that another font does not make labels overlap', () => {
    const texts = file('saving-stall-web.svg')
      .toString()
      .match(/<text [^>]*>[^<]+<\/text>/g)!;
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) {
      const [, length, label] = /textLength="([\d.]+)" lengthAdjust="spacingAndGlyphs">([^<]+)</.exec(text)!;
      const plain = label!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
      expect(Number(length), label).toBeCloseTo(textWidth(plain) * 8, 1);
    }
  });

  it('fill the page, whichever it is', async () => {
    await draw(['heat-map'], 'page', 'page');
    const spec = JSON.parse(file('heat-map.vl.json', 'page').toString());
    const { width } = await layOut(spec);
    expect(await widthOf(spec)).toBe(width);
    expect(width).toBeLessThanOrEqual(504);
    expect(width).toBeGreaterThan(500);
  });

  it('name what they are drawn from', () => {
    const text = file('memory-web.txt').toString();
    expect(text).toContain(`trace: browser, sha256 ${'0'.repeat(64)}`);
    expect(text).toContain('program: reclaim-bench 1.2.3, commit c0ffee');
    expect(text).toContain('command: reclaim compare made_up.yaml --out 100%');
    const tex = file('saving-stall-web.tex').toString();
    expect(tex).toContain('\\includegraphics{saving-stall-web.pdf}');
    expect(tex).toContain('% command: reclaim compare made_up.yaml --out 100%');
    expect(tex).not.toMatch(/^[^%]*[^\\%][%_#&]/m);
  });
});

describe('a PDF', () => {
  it('has vectors and text in one TrueType font, no picture and no date of today', () => {
    for (const name of ['heat-map', 'memory-web', 'saving-stall-web']) {
      const pdf = file(`${name}.pdf`).toString('latin1');
      expect(pdf.match(/Subtype \/(?!XML)\w+/g)?.sort()).toEqual(['Subtype /CIDFontType2', 'Subtype /Type0']);
      expect(pdf).toContain('/FontFile2');
      expect(pdf).toContain('<xmp:CreateDate>1970-01-01T00:00:00Z<');
      expect(streams(file(`${name}.pdf`))).toMatch(/ Tf[\s\S]* l\n/);
    }
  });

  it('draws lines with their dashes and marks where they belong', () => {
    const drawn = streams(file('memory-web.pdf'));
    expect(drawn).toContain('[2.5 1.2] 0 d');
    expect(drawn).not.toContain('NaN');
  });
});

describe('a caption for TeX', () => {
  it('has no commands in it, and no letter that pdflatex does not know', () => {
    expect(tex('50 % of a_b & {c} for 3 µs ± 1, −2 ≥ x')).toBe(
      '50 \\% of a\\_b \\& \\{c\\} for 3 \\textmu{}s ± 1, $-$2 $\\ge$ x',
    );
    expect(tex('日本 \u{1f600} é')).toBe('?? ? é');
  });
});

describe('a specification that Vega-Lite cannot follow', () => {
  it('is an error, not a warning', async () => {
    const spec = {
      data: { values: [{ a: 1 }] },
      mark: 'bar',
      encoding: { x: { field: 'a', type: 'quantitative' }, shape: { field: 'a', type: 'nominal' } },
    };
    await expect(layOut(spec)).rejects.toThrow(/^Vega-Lite: /);
  });
});
