import { byteUnit, timeUnit } from '../../figures/units.js';

/** A number with three digits that count, as people write it. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || value === 0) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(size >= 1 ? 3 : 2)));
}

export function bytesText(bytes: number): string {
  const { name, size } = byteUnit(Math.abs(bytes));
  return `${digits(bytes / size)} ${name}`;
}

export function timeText(ns: number): string {
  const { name, size } = timeUnit(ns);
  return `${digits(ns / size)} ${name}`;
}

/** Names as one, with how many more there are where they are many. */
export function namesText(names: readonly string[], most: number): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} +${more}` : names.join(', ');
}

let pen: CanvasRenderingContext2D | null | undefined;

/** Pixels that a label of a chart takes. */
export function labelWidth(text: string): number {
  if (pen === undefined) {
    pen = document.createElement('canvas').getContext('2d');
    if (pen) pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  }
  return pen?.measureText(text).width ?? text.length * 7;
}
