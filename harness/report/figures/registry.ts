import { InputError } from '../../base/errors.js';
import { unknownName } from '../../base/nearest.js';
import type { ResultFile } from '../../metrics/files.js';
import type { FigureData } from './data.js';
import { fidelity } from './fidelity.js';
import type { Figure, Needs } from './figure.js';
import { glance } from './glance.js';
import { heatMap } from './heat-map.js';
import { ksmSaving, memory, swap } from './memory.js';
import { missRatio } from './miss-ratio.js';
import { savingFaults, savingKsmd, savingStall } from './saving-cost.js';
import { stalls } from './stalls.js';
import { structPages } from './struct-pages.js';
import { touchTimes } from './touch-times.js';
import { wallTimes } from './wall-times.js';

/** All kinds of figures, in the order of a report. */
export const FIGURES: readonly Figure[] = [
  glance,
  memory,
  swap,
  savingStall,
  savingFaults,
  stalls,
  touchTimes,
  ksmSaving,
  savingKsmd,
  structPages,
  missRatio,
  heatMap,
  wallTimes,
  fidelity,
];

/** Figures that are drawn right after a comparison: what each policy saves, and what that costs. */
export const HEADLINE: readonly Figure[] = [glance, savingStall];

/** @throws InputError for an unknown name, with the valid ones */
export function figureOf(name: string): Figure {
  const found = FIGURES.find((figure) => figure.name === name);
  if (!found)
    throw unknownName(
      'figure',
      name,
      FIGURES.map((figure) => figure.name),
    );
  return found;
}

/**
 * Why a figure cannot be drawn of these results: a column that was not measured, or nothing to show. Undefined when it can.
 */
export function missingFor(figure: Figure, data: FigureData): string | undefined {
  for (const file of Object.keys(figure.needs) as ResultFile[]) {
    const missing = missingIn(file, figure.needs, data);
    if (missing !== undefined) return missing;
  }
  return figure.lacks?.(data);
}

function missingIn<F extends ResultFile>(file: F, needs: Needs, data: FigureData): string | undefined {
  if (!data.isThere(file)) return `there is no ${file} with rows`;
  const unmeasured = needs[file]?.find((column) => !data.isMeasured(file, column));
  return unmeasured === undefined ? undefined : `${String(unmeasured)} was not measured in ${file}`;
}

/** @throws InputError when the figure cannot be drawn, with the reason */
export function requireFigure(figure: Figure, data: FigureData): void {
  const missing = missingFor(figure, data);
  if (missing !== undefined) throw new InputError(`figure ${figure.name}: ${missing}`);
}
