import { textWidth } from './font.js';

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

  constructor(pdf: Pdf, from: [number, number], to: [number, number]) {
    this.fill = pdf.linearGradient(...from, ...to);
  }

  addColorStop(offset: number, color: string): void {
    this.fill.stop(offset, pdfColor(color));
  }
}

/** Where a picture's coordinates lie on the page: turned, then moved. Vega never scales. */
interface Frame {
  readonly cos: number;
  readonly sin: number;
  readonly x: number;
  readonly y: number;
}

/**
 * A page of a PDF as the canvas that Vega draws on: the part of CanvasRenderingContext2D that its renderer calls. Paths
 * are kept in coordinates of the page until they are painted: a canvas does not forget a path that was filled, and may
 * be moved between the making of a path and its painting; a PDF does, and may not.
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
  private frame: Frame = { cos: 1, sin: 0, x: 0, y: 0 };
  private readonly frames: Frame[] = [];
  private dash: readonly number[] = [];
  private path: ((pdf: Pdf) => void)[] = [];
  private readonly pdf: Pdf;

  constructor(pdf: PDFKit.PDFDocument) {
    this.pdf = pdf as Pdf;
  }

  save(): void {
    this.frames.push(this.frame);
    this.pdf.save();
  }

  restore(): void {
    this.frame = this.frames.pop()!;
    this.pdf.restore();
  }

  /** Vega asks for its scale factor, which is 1. */
  scale(): void {}

  translate(x: number, y: number): void {
    const [toX, toY] = this.onPage(x, y);
    this.frame = { ...this.frame, x: toX, y: toY };
  }

  /** @param angle in radians, clockwise */
  rotate(angle: number): void {
    const { cos, sin } = this.frame;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    this.frame = { ...this.frame, cos: cos * c - sin * s, sin: sin * c + cos * s };
  }

  beginPath(): void {
    this.path = [];
  }

  moveTo(x: number, y: number): void {
    const at = this.onPage(x, y);
    this.path.push((pdf) => pdf.moveTo(...at));
  }

  lineTo(x: number, y: number): void {
    const at = this.onPage(x, y);
    this.path.push((pdf) => pdf.lineTo(...at));
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    const [from, to, at] = [this.onPage(x1, y1), this.onPage(x2, y2), this.onPage(x, y)];
    this.path.push((pdf) => pdf.bezierCurveTo(...from, ...to, ...at));
  }

  arc(x: number, y: number, radius: number, from: number, to: number, counter = false): void {
    const [atX, atY] = this.onPage(x, y);
    const turned = Math.atan2(this.frame.sin, this.frame.cos);
    this.path.push((pdf) => pdf.arc(atX, atY, radius, from + turned, to + turned, counter));
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.moveTo(x, y);
    this.lineTo(x + width, y);
    this.lineTo(x + width, y + height);
    this.lineTo(x, y + height);
    this.closePath();
  }

  closePath(): void {
    this.path.push((pdf) => pdf.closePath());
  }

  clip(): void {
    this.trace();
    this.pdf.clip();
  }

  fill(): void {
    if (this.fillStyle === 'transparent') return;
    this.trace();
    this.setFill();
    this.pdf.fill();
  }

  stroke(): void {
    const { pdf, strokeStyle } = this;
    if (strokeStyle === 'transparent') return;
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
    return new Gradient(this.pdf, this.onPage(x1, y1), this.onPage(x2, y2));
  }

  fillText(text: string, x: number, y: number): void {
    const { pdf, frame } = this;
    const size = Number.parseFloat(/([\d.]+)px/.exec(this.font)?.[1] ?? '11');
    const width = textWidth(text) * size;
    const left = { left: x, center: x - width / 2, right: x - width }[this.textAlign] ?? x;
    pdf.save();
    pdf.transform(frame.cos, frame.sin, -frame.sin, frame.cos, frame.x, frame.y);
    this.setFill();
    pdf.fontSize(size).text(text, left, y, { lineBreak: false, baseline: 'alphabetic' });
    pdf.restore();
  }

  /** A point of the picture in coordinates of the page. */
  private onPage(px: number, py: number): [number, number] {
    const { cos, sin, x, y } = this.frame;
    return [cos * px - sin * py + x, sin * px + cos * py + y];
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
