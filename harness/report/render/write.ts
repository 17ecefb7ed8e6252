import type { FigureData } from '../figures/data.js';
import { type Drawing, type Figure, type Page, WIDTHS, type Width } from '../figures/figure.js';
import { TEXT_POINTS } from '../figures/style.js';
import { captionTex, captionText } from './caption.js';
import { fitted } from './fit.js';
import { textWidth } from './font.js';
import type { Format } from './formats.js';
import { toPdf } from './pdf.js';
import { toSvg } from './vega.js';

/** A page of a width, measured in the font that figures are set in. */
export function pageOf(width: Width): Page {
  return { asked: width, textWidth: (text) => textWidth(text) * TEXT_POINTS };
}

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

/** All drawings, each with a name of its own: names of traces may differ only in what names of files cannot have. */
export function drawingsOf(figures: readonly Figure[], data: FigureData, page: Page) {
  const taken = new Map<string, number>();
  return figures.flatMap((figure) =>
    figure.draw(data, page).map((drawing) => {
      const times = (taken.get(drawing.name) ?? 0) + 1;
      taken.set(drawing.name, times);
      return { figure, drawing: times === 1 ? drawing : { ...drawing, name: `${drawing.name}-${times}` } };
    }),
  );
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
