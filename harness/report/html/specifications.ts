import type { FigureData } from '../figures/data.js';
import { WIDTHS } from '../figures/figure.js';
import { FIGURES, missingFor } from '../figures/registry.js';
import { drawingsOf, pageOf } from '../render/drawings.js';
import type { Attachment } from './downloads.js';

/**
 * The specifications of all figures that have data, before they are fitted to a page. Texts are measured for them: that takes
 * what draws figures.
 */
export function specifications(data: FigureData): Attachment[] {
  const page = pageOf('column');
  const figures = FIGURES.filter((figure) => missingFor(figure, data) === undefined);
  return drawingsOf(figures, data, page).map(({ drawing }) => {
    const spec = drawing.spec(Math.round((WIDTHS[drawing.width] / drawing.columns) * 0.8));
    const content = Buffer.from(`${JSON.stringify(spec)}\n`);
    return { name: `${drawing.name}.vl.json`, content, kind: 'figure' };
  });
}
