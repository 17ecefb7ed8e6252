/** Values of an axis and where they lie, in pixels. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  at(value: number): number;
}

export function linear(from: number, to: number, start: number, end: number): Scale {
  const span = to - from || 1;
  return { from, to, at: (value) => start + ((value - from) / span) * (end - start) };
}

/** Round steps: 1, 2 or 5 of a decade. */
function step(span: number, count: number): number {
  const rough = span / count;
  const decade = Number(`1e${Math.floor(Math.log10(rough))}`);
  return decade * ([1, 2, 5].find((digit) => decade * digit >= rough) ?? 10);
}

/** Round values within an axis, about as many as asked for. */
export function ticks({ from, to }: Scale, count: number): number[] {
  const size = step(to - from || 1, count);
  const first = Math.ceil(from / size);
  const last = Math.floor(to / size + 1e-9);
  // Written with few digits: sums of steps are off in their last one.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * size).toPrecision(12)));
}
