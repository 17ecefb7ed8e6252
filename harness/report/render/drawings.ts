// What is drawn, without what draws it: a page of results has the specifications of figures, and no picture.
import type { FigureData } from '../figures/data.js';
import type { Figure, Page, Width } from '../figures/figure.js';
import { TEXT_POINTS } from '../figures/style.js';
import { textWidth } from './font.js';

/** A page of a width, measured in the font that figures are set in. */
export function pageOf(width: Width): Page {
  return { asked: width, textWidth: (text) => textWidth(text) * TEXT_POINTS };
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
