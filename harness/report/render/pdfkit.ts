import { createRequire } from 'node:module';
import type PDFDocument from 'pdfkit';

const require = createRequire(import.meta.url);

/** What writes PDFs, loaded when it is needed: it takes longer than measuring and placing all texts of a report. */
export function pdfkit(): typeof PDFDocument {
  return require('pdfkit') as typeof PDFDocument;
}
