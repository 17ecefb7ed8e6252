import PDFDocument from 'pdfkit';
import { packageFile } from '../../base/package-root.js';

/** The one font of all figures: with the widths of Arial and Helvetica, so that an SVG looks alike where it is missing. */
export const FONT_FILE = packageFile('harness', 'report', 'font', 'LiberationSans-Regular.ttf');

let metrics: typeof PDFDocument.prototype | undefined;
const widths = new Map<string, number>();

/** Width of a text one point high. */
export function textWidth(text: string): number {
  const known = widths.get(text);
  if (known !== undefined) return known;
  metrics ??= new PDFDocument({ font: FONT_FILE });
  const width = metrics.fontSize(1).widthOfString(text);
  widths.set(text, width);
  return width;
}
