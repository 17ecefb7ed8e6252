import { NOT_MEASURED } from '../contract/target.js';

/** A line of a file `memory.pressure`: shares of time in percent, and for how long in all, in µs. NaN where it does not say. */
interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: number;
}

function lineOf(text: string, kind: 'some' | 'full'): PressureLine {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${kind} `)) ?? '';
  const of = (name: keyof PressureLine) =>
    Number(new RegExp(` ${name}=([\\d.]+)`).exec(line)?.[1] ?? NOT_MEASURED);
  return { avg10: of('avg10'), avg60: of('avg60'), avg300: of('avg300'), total: of('total') };
}

/** Reads what `memory.pressure` of a group says. Source: Documentation/accounting/psi.rst. */
export function parsePressure(text: string): { readonly some: PressureLine; readonly full: PressureLine } {
  return { some: lineOf(text, 'some'), full: lineOf(text, 'full') };
}
