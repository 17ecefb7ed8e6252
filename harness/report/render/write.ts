import type { FigureData } from '../figures/data.js';
import { type Drawing, type Figure, WIDTHS, type Width } from '../figures/figure.js';
import { captionTex, captionText } from './caption.js';
import { drawingsOf, pageOf } from './drawings.js';
import { fitted } from './fit.js';
import type { Format } from './formats.js';
import { toPdf } from './pdf.js';
import { toSvg } from './vega.js';

/** The files of one drawing, by their endings. */
async function filesOf(
  figure: Figure,
  drawing: Drawing,
  data: FigureData,
  formats: readonly Format[],
): Promise<Map<string, string | Uint8Array>> {
  const { spec, laid, panel } = await fitted(drawing);
  const page = WIDTHS[drawing.width];
  const files = new Map<string, string | Uint8Array>([['.vl.json', `${JSON.stringify(spec, null, 1)}\n`]]);
  if (formats.includes('pdf')) files.set('.pdf', await toPdf(laid, page, drawing.name));
  const svg = toSvg(laid, page);
  if (formats.includes('svg')) files.set('.svg', svg);
  if (formats.includes('png')) {
    // Its package may be missing where the others are there.
    const { toPng } = await import('./png.js');
    files.set('.png', await toPng(svg, page));
  }
  const whole = { ...drawing, caption: [drawing.caption, ...(drawing.notes?.(panel) ?? [])].join(' ') };
  files.set('.txt', captionText(figure, whole, data));
  files.set('.tex', captionTex(figure, whole, data));
  return files;
}

/**
 * Draws figures: for each drawing its specification, the formats asked for and a caption, all of one name.
 *
 * @returns the contents by the names of the files
 */
export async function figureFiles(
  figures: readonly Figure[],
  data: FigureData,
  width: Width,
  formats: readonly Format[],
): Promise<Map<string, string | Uint8Array>> {
  const page = pageOf(width);
  const all = new Map<string, string | Uint8Array>();
  for (const { figure, drawing } of drawingsOf(figures, data, page)) {
    const files = await filesOf(figure, drawing, data, formats);
    for (const [ending, content] of files) all.set(`${drawing.name}${ending}`, content);
  }
  return all;
}
