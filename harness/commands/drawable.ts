import { HostError } from '../base/errors.js';
import { counted } from '../base/text.js';
import type { Figure } from '../report/figures/figure.js';
import type { Format } from '../report/render/formats.js';
import { missingPackages, missingText } from '../report/render/packages.js';
import { note } from './terminal.js';

/** For commands that are asked for figures. @throws HostError when what draws them is not installed */
export function requireDrawing(formats: readonly Format[]): void {
  const missing = missingPackages(formats);
  if (missing.length > 0) throw new HostError(`no figure can be drawn: ${missingText(missing)}`);
}

/**
 * For commands that draw figures as well as their results: all of them, or none where what draws them is not installed, which is
 * said with their names.
 */
export function drawable(figures: readonly Figure[], formats: readonly Format[]): readonly Figure[] {
  const missing = missingPackages(formats);
  if (missing.length === 0 || figures.length === 0) return figures;
  const names = figures.map(({ name }) => name).join(', ');
  note(`left out ${counted(figures.length, 'figure')} (${names}): ${missingText(missing)}`);
  return [];
}
