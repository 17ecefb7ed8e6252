import { FONT_FILE, textWidth } from './font.js';

/** The document; its types lack what is here. */
type Pdf = PDFKit.PDFDocument & {
  arc(x: number, y: number, radius: number, from: number, to: number, counter: boolean): Pdf;
  dash(lengths: readonly number[], options: { phase: number }): Pdf;
};
type Paint = string | Gradient;

/** A colour as pdfkit reads it: it has no `rgb(…)`. */
function pdfColor(color: string): string {
  const rgb = /^rgba?\((\d+), ?(\d+), ?(\d+)/.exec(color);
  if (!rgb) return color;
  return `#${rgb
    .slice(1, 4)
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')}`;
}

/** A colour that changes along a line: the scale of a heat map. */
class Gradient {
  readonly fill;

  constructor(pdf: Pdf, x1: number, y1: number, x2: number, y2: number) {
    this.fill = pdf.linearGradient(x1, y1, x2, y2);
  }

  addColorStop(offset: number, color: string): void {
    this.fill.stop(offset, pdfColor(color));
  }
}

/**
 * A page of a PDF as the canvas that Vega draws on: the part of CanvasRenderingContext2D that its renderer calls. A path
 * is kept until it is painted, as PDF forgets a path that was filled and a canvas does not.
 */
export class PdfContext {
  fillStyle: Paint = '#000000';
  strokeStyle: Paint = '#000000';
  globalAlpha = 1;
  lineWidth = 1;
  lineCap: 'butt' | 'round' | 'square' = 'butt';
  lineJoin: 'miter' | 'round' | 'bevel' = 'miter';
  miterLimit = 10;
  lineDashOffset = 0;
  font = '';
  textAlign = 'left';
  private dash: readonly number[] = [];
  private path: ((pdf: Pdf) => void)[] = [];

  private readonly pdf: Pdf;

  constructor(pdf: PDFKit.PDFDocument) {
    this.pdf = pdf as Pdf;
  }

  save(): void {
    this.pdf.save();
  }

  restore(): void {
    this.pdf.restore();
  }

  scale(x: number, y: number): void {
    this.pdf.transform(x, 0, 0, y, 0, 0);
  }

  translate(x: number, y: number): void {
    if (x !== 0 || y !== 0) this.pdf.transform(1, 0, 0, 1, x, y);
  }

  /** @param angle in radians, clockwise */
  rotate(angle: number): void {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.pdf.transform(cos, sin, -sin, cos, 0, 0);
  }

  beginPath(): void {
    this.path = [];
  }

  moveTo(x: number, y: number): void {
    this.path.push((pdf) => pdf.moveTo(x, y));
  }

  lineTo(x: number, y: number): void {
    this.path.push((pdf) => pdf.lineTo(x, y));
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.path.push((pdf) => pdf.bezierCurveTo(x1, y1, x2, y2, x, y));
  }

  arc(x: number, y: number, radius: number, from: number, to: number, counter = false): void {
    this.path.push((pdf) => pdf.arc(x, y, radius, from, to, counter));
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.path.push((pdf) => pdf.rect(x, y, width, height));
  }

  closePath(): void {
    this.path.push((pdf) => pdf.closePath());
  }

  clip(): void {
    this.trace();
    this.pdf.clip();
  }

  fill(): void {
    this.trace();
    this.setFill();
    this.pdf.fill();
  }

  stroke(): void {
    const { pdf, strokeStyle } = this;
    this.trace();
    pdf.lineWidth(this.lineWidth).lineCap(this.lineCap).lineJoin(this.lineJoin).miterLimit(this.miterLimit);
    if (this.dash.length > 0) pdf.dash(this.dash, { phase: this.lineDashOffset });
    else pdf.undash();
    pdf.strokeColor(typeof strokeStyle === 'string' ? pdfColor(strokeStyle) : strokeStyle.fill);
    pdf.strokeOpacity(this.globalAlpha);
    pdf.stroke();
  }

  setLineDash(dash: readonly number[] | null): void {
    // A dash without gaps is a solid line; PDF takes no gap of 0.
    this.dash = dash?.every((length) => length > 0) ? dash : [];
  }

  createLinearGradient(x1: number, y1: number, x2: number, y2: number): Gradient {
    return new Gradient(this.pdf, x1, y1, x2, y2);
  }

  fillText(text: string, x: number, y: number): void {
    const size = Number.parseFloat(/([\d.]+)px/.exec(this.font)?.[1] ?? '11');
    const width = textWidth(text) * size;
    const left = { left: x, center: x - width / 2, right: x - width }[this.textAlign] ?? x;
    this.setFill();
    this.pdf.font(FONT_FILE, size).text(text, left, y, { lineBreak: false, baseline: 'alphabetic' });
  }

  private trace(): void {
    for (const step of this.path) step(this.pdf);
  }

  private setFill(): void {
    const { fillStyle } = this;
    this.pdf.fillColor(typeof fillStyle === 'string' ? pdfColor(fillStyle) : fillStyle.fill);
    this.pdf.fillOpacity(this.globalAlpha);
  }
}
