import { packageFile } from '../../base/package-root.js';
import { Advances } from './advances.js';
import { pdfkit } from './packages.js';

/** The one font of all figures: with the widths of Arial and Helvetica, so that an SVG looks alike where it is missing. */
export const FONT_FILE = packageFile('harness', 'report', 'font', 'LiberationSans-Regular.ttf');

/** A font as pdfkit has read it; only what is used here. */
interface ReadFont {
  readonly characterSet: readonly number[];
  glyphForCodePoint(character: number): unknown;
}

/** The document that texts are measured with. */
let measuring: PDFKit.PDFDocument | undefined;
let advances: Advances | undefined;
const widths = new Map<string, number>();

function readFont(pdf: PDFKit.PDFDocument): ReadFont {
  return (pdf as unknown as { readonly _font: { readonly font: ReadFont } })._font.font;
}

function measuringDocument(): PDFKit.PDFDocument {
  if (measuring) return measuring;
  measuring = new (pdfkit())({ font: FONT_FILE });
  const font = readFont(measuring);
  // What is copied from a PDF is the character that a glyph was first asked for: not that of a text that happened to come first.
  for (const character of font.characterSet) font.glyphForCodePoint(character);
  return measuring;
}

/** The font of figures for the options of a document: read once, which takes longer than drawing most pictures. */
export function figureFont(): string {
  // Documents take what another has read, which their types do not say.
  return readFont(measuringDocument()) as unknown as string;
}

/** Width of a text one point high. */
export function textWidth(text: string): number {
  const known = widths.get(text);
  if (known !== undefined) return known;
  advances ??= new Advances(FONT_FILE);
  const width = advances.widthOf(text) ?? shapedWidth(text);
  widths.set(text, width);
  return width;
}

/** The width of a text one point high as pdfkit sets it, of any characters. */
export function shapedWidth(text: string): number {
  return measuringDocument().fontSize(1).widthOfString(text);
}
