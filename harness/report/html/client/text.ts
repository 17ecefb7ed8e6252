import type { Measured } from '../model.js';

/** A difference, with its sign. */
function signed(value: number, text: (value: number) => string): string {
  if (value === 0) return '0';
  return value > 0 ? `+${text(value)}` : text(value).replace('-', '\u2212');
}

/**
 * A difference with its 95 % interval, where there is one; a tie where that holds 0.
 *
 * @param text a value in its unit
 */
export function differenceText([mean, low, high]: Measured, text: (value: number) => string): string {
  const own = signed(mean, text);
  if (low === null || high === null || (low === mean && high === mean)) return own;
  const tie = low <= 0 && high >= 0 ? ', a tie' : '';
  return `${own} (95 %: ${signed(low, text)} to ${signed(high, text)}${tie})`;
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
