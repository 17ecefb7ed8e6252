import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResultsFolder } from '../../metrics/results.js';
import { writeComparison, writeFigureFiles, writeMerging } from '../../testing/results.js';
import { cannot, mustRun, runProgram } from '../../testing/system.js';
import { FigureData } from '../figures/data.js';
import { WIDTHS, type Width } from '../figures/figure.js';
import { FIGURES, missingFor } from '../figures/registry.js';
import { FORMATS } from './formats.js';

const WIDTH_NAMES = Object.keys(WIDTHS) as Width[];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-paper-'));
  for (const [name, write] of Object.entries({ comparison: writeComparison, merging: writeMerging })) {
    const made = join(folder, name);
    mkdirSync(made);
    write(made);
    const data = new FigureData(ResultsFolder.open(made));
    const figures = FIGURES.filter((figure) => missingFor(figure, data) === undefined);
    for (const width of WIDTH_NAMES) {
      const out = join(folder, `${name}-${width}`);
      mkdirSync(out);
      await writeFigureFiles(figures, data, out, width, FORMATS);
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** All PDFs, as paths in the folder. */
function pdfs(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pdf'));
}

const without = (program: string) => runProgram(program, ['-v'], folder).code === null;

/** Typesets a paper of two columns, as wide as figures are made for: 3.33 inches, and 7 with the space between. Returns warnings. */
function typeset(at: string, body: string): string[] {
  const document = [
    '\\documentclass[twocolumn]{article}',
    '\\usepackage[utf8]{inputenc}\\usepackage{graphicx}',
    '\\raggedbottom\\setlength\\textwidth{506pt}\\setlength\\columnsep{22pt}\\hoffset-48pt',
    '\\begin{document}',
    body,
    '\\end{document}',
  ].join('\n');
  writeFileSync(join(at, 'paper.latex'), document);
  const run = () => mustRun('pdflatex', ['-interaction=nonstopmode', '-halt-on-error', 'paper.latex'], at);
  // The first run collects the labels, and warns that it had none.
  run();
  return run().match(/^.*(Warning|Overfull|Underfull).*$/gm) ?? [];
}

describe('figures of all kinds and widths, as other programs see them', () => {
  it('have one TrueType font, embedded, and no raster image', ({ skip }) => {
    if (without('pdffonts')) skip(cannot('pdffonts and pdfimages of poppler-utils are not installed'));
    expect(pdfs().length).toBeGreaterThan(20);
    for (const name of pdfs()) {
      const fonts = mustRun('pdffonts', [name], folder).trim().split('\n').slice(2);
      expect(fonts, name).toHaveLength(1);
      expect(fonts[0], name).toMatch(/^[A-Z]{6}\+LiberationSans +CID TrueType +Identity-H +yes yes yes/);
      expect(mustRun('pdfimages', ['-list', name], folder).trim().split('\n'), name).toHaveLength(2);
    }
  });

  it('go into a LaTeX document without a warning', ({ skip }) => {
    if (without('pdflatex')) skip(cannot('pdflatex is not installed'));
    for (const width of WIDTH_NAMES)
      for (const name of ['comparison', 'merging']) {
        const at = join(folder, `${name}-${width}`);
        const inputs = readdirSync(at).filter((file) => file.endsWith('.tex'));
        expect(typeset(at, inputs.map((file) => `\\input{${file}}\\clearpage`).join('\n'))).toEqual([]);
      }
  });

  it('stand in the columns of a paper, six of them with text between', ({ skip }) => {
    if (without('pdflatex')) skip(cannot('pdflatex is not installed'));
    const at = join(folder, 'comparison-column');
    const six = ['glance', 'memory-web', 'saving-stall-web', 'stalls-web', 'miss-ratio', 'heat-map'];
    const text = 'Memory is given back when programs say that they do not need it any more. '.repeat(14);
    const body = six.map((name) => `${text}\n\n\\input{${name}.tex}\n\n${text}`).join('\n\n');
    expect(typeset(at, body)).toEqual([]);
    for (const name of six) {
      const [, wide, high] = /Page size: +([\d.]+) x ([\d.]+) pts/.exec(
        mustRun('pdfinfo', [`${name}.pdf`], at),
      )!;
      expect([240, 504], name).toContain(Number(wide));
      // 2.5 inches in a column.
      if (Number(wide) === 240) expect(Number(high), name).toBeLessThanOrEqual(180);
    }
  });
});
