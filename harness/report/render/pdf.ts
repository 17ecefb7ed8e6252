import { figureFont } from './font.js';
import { pdfkit } from './packages.js';
import { PdfContext } from './pdf-context.js';
import type { Laid } from './vega.js';

/**
 * The picture as a PDF of one page, as wide as asked: vectors and text in one embedded TrueType font. Its date is fixed,
 * so that the same picture is the same bytes.
 */
export async function toPdf({ view, height }: Laid, width: number, title: string): Promise<Buffer> {
  const pdf = new (pdfkit())({
    size: [width, height],
    margin: 0,
    font: figureFont(),
    pdfVersion: '1.4',
    info: { Title: title, Creator: 'reclaim-bench', CreationDate: new Date(0) },
  });
  const chunks: Buffer[] = [];
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    pdf.on('end', resolve);
    pdf.on('error', reject);
  });
  await view.toCanvas(1, { externalContext: new PdfContext(pdf) });
  pdf.end();
  await ended;
  return Buffer.concat(chunks);
}
