import type { ResultFile } from '../../metrics/files.js';
import { VERSION } from '../../metrics/host.js';
import type { FigureData } from '../figures/data.js';
import type { Drawing, Figure } from '../figures/figure.js';

/** Where the numbers of a figure come from, a line a fact. */
function provenance(figure: Figure, { traces }: Drawing, data: FigureData): string[] {
  if (traces.length === 0) {
    const files = Object.keys(figure.needs) as ResultFile[];
    return [
      ...files.map((file) => `data: ${file}, sha256 ${data.sha256(file)}`),
      `drawn by: reclaim-bench ${VERSION}`,
    ];
  }
  const { program, experiment, command, traces: all } = data.manifest;
  return [
    `experiment: ${experiment.name}`,
    ...all
      .filter(({ trace }) => traces.includes(trace))
      .map(({ trace, trace_sha256 }) => `trace: ${trace}, sha256 ${trace_sha256}`),
    `program: ${program.name} ${program.version}${program.commit === undefined ? '' : `, commit ${program.commit}`}`,
    ...(command === undefined ? [] : [`command: ${command.replace(/\s+/g, ' ')}`]),
  ];
}

/** The caption with its provenance, as plain text. */
export function captionText(figure: Figure, drawing: Drawing, data: FigureData): string {
  return `${drawing.caption}\n\n${provenance(figure, drawing, data).join('\n')}\n`;
}

const TEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  µ: '\\textmu{}',
  μ: '\\textmu{}',
  '−': '$-$',
  '≥': '$\\ge$',
  '≤': '$\\le$',
  '→': '$\\to$',
  '–': '--',
  '—': '---',
  '…': '\\ldots{}',
  '“': '``',
  '”': "''",
  '’': "'",
};

/**
 * A text with what TeX reads as commands made plain. Letters beyond Latin-1, which names of traces may have, stop pdflatex:
 * they become question marks.
 */
export function tex(text: string): string {
  return text
    .replace(/[\\~^#$%&_{}]|[µμ−≥≤→–—…“”’]/g, (sign) => TEX[sign] ?? `\\${sign}`)
    .replace(/[^\n -~\u00a0-\u00ff]/gu, '?');
}

/** A figure environment to \input, with the provenance as comments. */
export function captionTex(figure: Figure, drawing: Drawing, data: FigureData): string {
  const environment = drawing.width === 'page' ? 'figure*' : 'figure';
  return [
    ...provenance(figure, drawing, data).map((line) => `% ${line}`),
    `\\begin{${environment}}`,
    '  \\centering',
    `  \\includegraphics{${drawing.name}.pdf}`,
    `  \\caption{${tex(drawing.caption)}}`,
    `  \\label{fig:${drawing.name}}`,
    `\\end{${environment}}`,
    '',
  ].join('\n');
}
