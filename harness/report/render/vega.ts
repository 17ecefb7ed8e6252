import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Spec } from '../figures/figure.js';
import { textWidth } from './font.js';

// Vega guesses widths of texts where it finds no canvas; guessed labels overlap.
const { textMetrics } = vega as unknown as {
  textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number };
};
textMetrics.width = (item, text) => textWidth(String(text ?? '')) * (item.fontSize ?? 11);

/** A specification that has been laid out. */
export interface Laid {
  readonly view: vega.View;
  readonly svg: string;
  /** In points. */
  readonly width: number;
  readonly height: number;
}

/** Vega-Lite warns where a specification says what it cannot do: a mistake of a figure. */
const logger = {
  warn(...messages: unknown[]): never {
    throw new Error(`Vega-Lite: ${messages.join(' ')}`);
  },
};

const SIZE = /width="[\d.]+" height="[\d.]+" viewBox="0 0 ([\d.]+) ([\d.]+)"/;

function viewOf(spec: Spec): vega.View {
  const quiet = Object.assign(vega.logger(vega.Warn), logger);
  const compiled = compile(spec as unknown as TopLevelSpec, { logger: quiet as never }).spec;
  return new vega.View(vega.parse(compiled), { renderer: 'none' });
}

/** The width of a specification in points, without drawing it. @throws as `layOut` */
export async function widthOf(spec: Spec): Promise<number> {
  const view = viewOf(spec);
  await view.runAsync();
  const { left, right } = view.padding() as { left: number; right: number };
  // As toSVG has it: the signal `width` is that of the panels alone.
  const { _viewWidth: width } = view as unknown as { readonly _viewWidth: number };
  view.finalize();
  return Math.max(0, width + left + right);
}

/** Lays a specification out. @throws Error when Vega-Lite finds something wrong with it */
export async function layOut(spec: Spec): Promise<Laid> {
  const view = viewOf(spec);
  // Names of clip paths count up over all pictures of a process.
  vega.resetSVGDefIds();
  const svg = await view.toSVG();
  const size = SIZE.exec(svg)!;
  return { view, svg, width: Number(size[1]), height: Number(size[2]) };
}

const TEXT = /<text ([^>]*font-size="([\d.]+)px"[^>]*)>([^<]+)<\/text>/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Texts of an SVG with the widths that they were laid out with: where the font is missing, a wider one is drawn narrower. */
function withWidths(svg: string): string {
  return svg.replace(TEXT, (_, attributes: string, size: string, text: string) => {
    const width = textWidth(text.replace(/&(\w+);/g, (all, name) => ENTITIES[name] ?? all)) * Number(size);
    return `<text ${attributes} textLength="${width.toFixed(2)}" lengthAdjust="spacingAndGlyphs">${text}</text>`;
  });
}

/** The picture as SVG, as wide as the page. */
export function toSvg({ svg, height }: Laid, width: number): string {
  const size = `width="${width}pt" height="${height}pt" viewBox="0 0 ${width} ${height}"`;
  return `${withWidths(svg.replace(SIZE, size))}\n`;
}
