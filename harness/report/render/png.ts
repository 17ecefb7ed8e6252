import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { FONT_FILE } from './font.js';

/** What printers and slides take. */
const DOTS_PER_INCH = 300;
const POINTS_PER_INCH = 72;

let loaded: Promise<Uint8Array> | undefined;

async function load(): Promise<Uint8Array> {
  await initWasm(readFileSync(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return readFileSync(FONT_FILE);
}

/** An SVG of a width in points as PNG with 300 dots an inch, on white. */
export async function toPng(svg: string, width: number): Promise<Uint8Array> {
  loaded ??= load();
  const font = await loaded;
  const drawn = new Resvg(svg, {
    background: 'white',
    fitTo: { mode: 'width', value: Math.round((width * DOTS_PER_INCH) / POINTS_PER_INCH) },
    font: { fontBuffers: [font], loadSystemFonts: false, defaultFontFamily: 'Liberation Sans' } as never,
  });
  const image = drawn.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    drawn.free();
  }
}
